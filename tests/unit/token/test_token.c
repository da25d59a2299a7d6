/* What the verifier takes, remembers and forgets; what is signed. */
#include "token/jwt.h"
#include "token/token.h"
#include "token/token_fixture.h"

#include <jwt.h>

TEST(accepts_a_user)
{
	const char *claims =
	    token_claims(&ctx->arena, 0,
			 ",\"auth_time\":1700000000,\"companies_partial\":true,\"companies\":{\"" TOKEN_COMPANY
			 "\":\"manager\",\"01932b5c-7a10-7000-8000-000000000004\":\"admiral\"}");
	const char *token = token_make(&ctx->arena, &key, token_header(&ctx->arena, &key), claims);
	const struct identity *identity = verify(ctx, verifier, token), *again = verify(ctx, verifier, token);
	assert_non_null(identity);
	assert_ptr_equal(identity, again);
	assert_int_equal(identity->kind, IDENTITY_USER);
	assert_string_equal(identity->id, TOKEN_USER);
	assert_string_equal(identity->session, TOKEN_SESSION);
	assert_int_equal(identity->roles, ROLE_USER);
	assert_true(identity->auth_time == 1700000000 * CLOCK_SECOND);
	assert_true(identity->companies_partial);
	assert_int_equal(identity->company_count, 1);
	assert_int_equal(identity_right(identity, TOKEN_COMPANY), RIGHT_MANAGER);
	assert_int_equal(identity_right(identity, TOKEN_USER), RIGHT_NONE);
	assert_true(identity_has_role(identity, ROLE_USER));
	assert_false(identity_has_role(identity, ROLE_ADMIN | ROLE_MODERATOR));
	struct token_verifier_stats stats;
	token_verifier_stats(verifier, &stats);
	assert_int_equal(stats.hits, 1);
	assert_int_equal(stats.misses, 1);
	assert_int_equal(stats.remembered, 1);
}

TEST(accepts_who_acts_for_a_user)
{
	struct arena *arena = &ctx->arena;
	const char *claims =
	    token_claims(arena, 0, ",\"epoch\":7,\"scope\":\"a.b\",\"act\":{\"sub\":\"" TOKEN_COMPANY "\",\"act\":{}}");
	const struct identity *identity =
	    verify(ctx, verifier, token_make(arena, &key, token_header(arena, &key), claims));
	assert_non_null(identity);
	assert_int_equal(identity->kind, IDENTITY_USER);
	assert_string_equal(identity->id, TOKEN_USER);
	assert_string_equal(identity->actor, TOKEN_COMPANY);
	assert_int_equal(identity->epoch, 7);
	assert_string_equal(identity->scope, "a.b");
	identity = verify(ctx, verifier, token_good(arena, &key));
	assert_non_null(identity);
	assert_string_equal(identity->actor, "");
	assert_int_equal(identity->epoch, 0);
	assert_null(identity->scope);
}

static const char *client_claims(struct arena *arena, const char *client, const char *more)
{
	long now = (long)(clock_wall() / CLOCK_SECOND);
	return arena_printf(arena,
			    "{\"iss\":\"" TOKEN_ISSUER "\",\"aud\":\"" TOKEN_AUDIENCE "\",\"sub\":\"" TOKEN_USER
			    "\",\"client_id\":\"%s\",\"roles\":[\"client\"],\"iat\":%ld,\"exp\":%ld%s}",
			    client, now, now + 600, more);
}

#define ONE_COMPANY ",\"companies\":{\"" TOKEN_COMPANY "\":\"staff\"}"

TEST(accepts_a_client)
{
	struct arena *arena = &ctx->arena;
	static const char scope[] = ",\"scope\":\"events.booking.* events.listing.get\"" ONE_COMPANY;
	const struct identity *identity = verify(
	    ctx, verifier, token_make(arena, &key, token_header(arena, &key), client_claims(arena, TOKEN_USER, scope)));
	assert_non_null(identity);
	assert_int_equal(identity->kind, IDENTITY_CLIENT);
	assert_int_equal(identity->roles, 0);
	assert_int_equal(identity_right(identity, TOKEN_COMPANY), RIGHT_STAFF);
	assert_false(identity_has_role(identity, ROLE_USER));
	assert_string_equal(identity->scope, "events.booking.* events.listing.get");
	/* A token from before the claim, or of a key of which nobody knows who made it. */
	assert_string_equal(identity->created_by, "");
	assert_string_equal(identity_account(identity), TOKEN_COMPANY);
	assert_claims_refused(ctx, verifier, client_claims(arena, TOKEN_SESSION, scope), "malformed");
}

TEST(a_client_says_who_made_it)
{
	struct arena *arena = &ctx->arena;
	static const char members[] = ",\"scope\":\"*\",\"created_by\":\"" TOKEN_SESSION "\"" ONE_COMPANY;
	const char *claims = client_claims(arena, TOKEN_USER, members);
	const struct identity *client =
	    verify(ctx, verifier, token_make(arena, &key, token_header(arena, &key), claims));
	assert_non_null(client);
	assert_string_equal(client->id, TOKEN_USER);
	assert_string_equal(client->created_by, TOKEN_SESSION);
	assert_string_equal(identity_account(client), TOKEN_SESSION);
	const struct identity *user = verify(ctx, verifier, token_good(arena, &key));
	assert_non_null(user);
	assert_string_equal(identity_account(user), TOKEN_USER);
	assert_claims_refused(ctx, verifier, token_claims(arena, 0, ",\"created_by\":\"" TOKEN_USER "\""), "malformed");
}

TEST(refuses_unsound_clients)
{
	const char *const members[] = {
	    ONE_COMPANY, /* no scope */
	    ",\"scope\":7" ONE_COMPANY,
	    ",\"scope\":\"*\"", /* no company */
	    ",\"scope\":\"*\",\"companies\":{}",
	    ",\"scope\":\"*\",\"companies\":{\"" TOKEN_COMPANY "\":\"staff\",\"" TOKEN_USER "\":\"staff\"}",
	    ",\"scope\":\"*\",\"companies\":{\"" TOKEN_COMPANY "\":\"king\"}",
	    ",\"scope\":\"*\",\"companies_partial\":true" ONE_COMPANY,
	    ",\"scope\":\"*\",\"sid\":\"" TOKEN_SESSION "\"" ONE_COMPANY,
	    ",\"scope\":\"*\",\"created_by\":7" ONE_COMPANY,
	    ",\"scope\":\"*\",\"created_by\":null" ONE_COMPANY,
	    ",\"scope\":\"*\",\"created_by\":\"\"" ONE_COMPANY,
	    ",\"scope\":\"*\",\"created_by\":\"somebody\"" ONE_COMPANY,
	    ",\"scope\":\"*\",\"created_by\":{\"sub\":\"" TOKEN_USER "\"}" ONE_COMPANY,
	    ",\"scope\":\"*\",\"act\":{\"sub\":\"" TOKEN_USER "\"}" ONE_COMPANY,
	};
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		assert_claims_refused(ctx, verifier, client_claims(&ctx->arena, TOKEN_USER, members[i]), "malformed");
}

static void assert_covers(const char *scope, const char *method, bool expected)
{
	struct identity identity = {.kind = IDENTITY_CLIENT, .scope = scope};
	if (identity_may_call(&identity, method, strlen(method)) != expected)
		fail_msg("scope \"%s\" and %s", scope, method);
}

static void test_scopes_cover_names_and_prefixes(void **state)
{
	struct identity identity = {.kind = IDENTITY_CLIENT};
	(void)state;
	assert_covers("*", "events.booking.create", true);
	assert_covers("events.booking.create", "events.booking.create", true);
	assert_covers("events.booking.*", "events.booking.create", true);
	assert_covers("events.*", "events.booking.create", true);
	assert_covers("a.b  events.booking.create c", "events.booking.create", true);
	assert_covers("", "events.booking.create", false);
	assert_covers(" ", "events.booking.create", false);
	assert_covers("events.booking.creat", "events.booking.create", false);
	assert_covers("events.booking.create2", "events.booking.create", false);
	assert_covers("events.booking*", "events.booking.create", false);
	assert_covers("events.book.*", "events.booking.create", false);
	assert_covers("events.booking.create.*", "events.booking.create", false);
	assert_covers("events.booking.*", "events.booking.", false);
	assert_covers(".*", "events.booking.create", false);
	assert_covers("**", "events.booking.create", false);
	assert_covers("events.booking.* *x", "events.listing.get", false);
	assert_false(identity_may_call(&identity, "a.b", 3));
	identity.kind = IDENTITY_SERVICE;
	assert_true(identity_may_call(&identity, "a.b", 3));
}

static const char *private_pem(struct context *ctx, const struct token_key *one)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	assert_int_equal(PEM_write_bio_PrivateKey(memory, one->key, NULL, NULL, 0, NULL, NULL), 1);
	long length = BIO_get_mem_data(memory, &bytes);
	const char *pem = arena_strndup(&ctx->arena, bytes, (size_t)length);
	BIO_free(memory);
	return pem;
}

/* Signatures of another implementation, libjwt. (It can say no typ but "JWT", so these are no access tokens.) */
TEST(signatures_are_those_of_others)
{
	const struct token_key *keys[] = {&key, &rsa_key};
	(void)verifier;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *pem = private_pem(ctx, keys[i]), *dot;
		jwt_t *made = NULL;
		assert_int_equal(jwt_new(&made), 0);
		assert_int_equal(jwt_set_alg(made, keys[i]->rsa ? JWT_ALG_RS256 : JWT_ALG_ES256,
					     (const unsigned char *)pem, (int)strlen(pem)),
				 0);
		assert_int_equal(jwt_add_grant(made, "sub", TOKEN_USER), 0);
		char *token = jwt_encode_str(made);
		assert_non_null(token);
		dot = strrchr(token, '.');
		size_t length;
		const unsigned char *signature = base64url_decode(&ctx->arena, dot + 1, strlen(dot + 1), &length);
		assert_non_null(signature);
		assert_true(jwt_signature_valid(keys[i]->rsa ? JWT_RS256 : JWT_ES256, keys[i]->key, token,
						(size_t)(dot - token), signature, length));
		assert_false(jwt_signature_valid(keys[i]->rsa ? JWT_RS256 : JWT_ES256, keys[i]->key, token,
						 (size_t)(dot - token) - 1, signature, length));
		free(token);
		jwt_free(made);
	}
}

TEST(accepts_a_service)
{
	long now = (long)(clock_wall() / CLOCK_SECOND);
	static const char format[] = "{\"iss\":\"" TOKEN_ISSUER "\",\"aud\":[\"other\",\"" TOKEN_AUDIENCE
				     "\"],\"sub\":\"%s\",\"client_id\":\"%s\",\"roles\":[%s],\"iat\":%ld,\"exp\":%ld}";
	const struct identity *identity =
	    verify(ctx, verifier,
		   token_make(&ctx->arena, &rsa_key, token_header(&ctx->arena, &rsa_key),
			      arena_printf(&ctx->arena, format, "rating", "rating", "\"service\"", now, now + 60)));
	assert_non_null(identity);
	assert_int_equal(identity->kind, IDENTITY_SERVICE);
	assert_string_equal(identity->id, "rating");
	assert_false(identity_has_role(identity, ROLE_USER | ROLE_ADMIN));
	assert_claims_refused(ctx, verifier,
			      arena_printf(&ctx->arena, format, "rating", "web", "\"service\"", now, now + 60),
			      "malformed");
	assert_claims_refused(
	    ctx, verifier,
	    arena_printf(&ctx->arena, format, "rating", "rating", "\"service\",\"admin\"", now, now + 60), "malformed");
	assert_claims_refused(ctx, verifier,
			      arena_printf(&ctx->arena, format, "rating", "rating", "\"user\"", now, now + 60),
			      "malformed");
}

TEST(revocation_reaches_known_tokens)
{
	struct arena *arena = &ctx->arena;
	const char *old = token_good(arena, &key);
	int64_t now = clock_wall();
	assert_non_null(verify(ctx, verifier, old));
	token_revocation_add_session("01932b5c-7a10-7000-8000-0000000000ff", now);
	assert_non_null(verify(ctx, verifier, old)); /* another session */
	token_revocation_add_session(TOKEN_USER, now);
	token_revocation_add_subject(TOKEN_SESSION, 9, now);
	assert_non_null(verify(ctx, verifier, old)); /* ids of subjects and sessions are apart */
	token_revocation_add_session(TOKEN_SESSION, now - 60 * CLOCK_SECOND);
	assert_null(verify(ctx, verifier, old)); /* though it was issued later: the session is over */
	assert_string_equal(ctx->error.reason, "revoked");
	assert_refused(ctx, verifier, old, "revoked");
	assert_refused(ctx, verifier, token_make(arena, &key, token_header(arena, &key), token_claims(arena, 10, "")),
		       "revoked");
}

TEST(an_epoch_voids_what_is_lower)
{
	struct arena *arena = &ctx->arena;
	const char *first = token_good(arena, &key);
	const char *second = token_make(arena, &key, token_header(arena, &key), token_claims(arena, 0, ",\"epoch\":1"));
	assert_non_null(verify(ctx, verifier, first));
	token_revocation_add_subject(TOKEN_USER, 1, clock_wall());
	assert_null(verify(ctx, verifier, first));
	assert_refused(ctx, verifier, first, "revoked");
	assert_non_null(verify(ctx, verifier, second));		   /* of the same session, refreshed */
	token_revocation_add_subject(TOKEN_USER, 0, clock_wall()); /* an older one, heard of later */
	assert_refused(ctx, verifier, first, "revoked");
	token_revocation_add_subject(TOKEN_USER, 2, clock_wall());
	assert_null(verify(ctx, verifier, second));
	assert_refused(ctx, verifier, second, "revoked");
}

TEST(an_epoch_voids_tokens_of_services)
{
	struct arena *arena = &ctx->arena;
	long now = (long)(clock_wall() / CLOCK_SECOND);
	const char *token = token_make(
	    arena, &key, token_header(arena, &key),
	    arena_printf(
		arena,
		"{\"iss\":\"" TOKEN_ISSUER "\",\"aud\":\"" TOKEN_AUDIENCE
		"\",\"sub\":\"rating\",\"client_id\":\"rating\",\"roles\":[\"service\"],\"iat\":%ld,\"exp\":%ld}",
		now, now + 600));
	assert_non_null(verify(ctx, verifier, token));
	token_revocation_add_subject("events", 1, clock_wall());
	assert_non_null(verify(ctx, verifier, token));
	token_revocation_add_subject("rating", 1, clock_wall());
	assert_null(verify(ctx, verifier, token));
	assert_string_equal(ctx->error.reason, "revoked");
}

/* An identity found stays valid while its request goes on, whatever is evicted meanwhile. */
TEST(eviction_spares_identities_in_use)
{
	struct token_verifier *small = token_verifier_new(
	    &(struct token_verifier_options){.issuer = TOKEN_ISSUER, .audience = TOKEN_AUDIENCE, .cache_size = 8});
	const char *jwks = token_jwks(&ctx->arena, &key, 1);
	(void)verifier;
	struct context held;
	context_init(&held, DEADLINE_NEVER);
	assert_int_equal(token_verifier_set_keys(small, ctx, jwks, strlen(jwks)), 0);
	const struct identity *first = verify(&held, small, token_good(&ctx->arena, &key));
	assert_non_null(first);
	for (int i = 0; i < 40; i++) {
		struct context one;
		context_init(&one, DEADLINE_NEVER);
		assert_non_null(verify(&one, small, token_good(&one.arena, &key)));
		context_done(&one);
	}
	struct token_verifier_stats stats;
	token_verifier_stats(small, &stats);
	assert_int_equal(stats.remembered, 8);
	assert_string_equal(first->id, TOKEN_USER);
	token_verifier_free(small);
	assert_string_equal(first->id, TOKEN_USER);
	context_done(&held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accepts_a_user),
	    cmocka_unit_test(accepts_who_acts_for_a_user),
	    cmocka_unit_test(accepts_a_client),
	    cmocka_unit_test(a_client_says_who_made_it),
	    cmocka_unit_test(refuses_unsound_clients),
	    cmocka_unit_test(test_scopes_cover_names_and_prefixes),
	    cmocka_unit_test(signatures_are_those_of_others),
	    cmocka_unit_test(accepts_a_service),
	    cmocka_unit_test(revocation_reaches_known_tokens),
	    cmocka_unit_test(an_epoch_voids_what_is_lower),
	    cmocka_unit_test(an_epoch_voids_tokens_of_services),
	    cmocka_unit_test(eviction_spares_identities_in_use),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
