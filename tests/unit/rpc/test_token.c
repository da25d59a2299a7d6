/* What the verifier takes and refuses: every way to forge an access token. */
#include "rpc/jwt.h"
#include "rpc/jwt_sign.h"
#include "rpc/token.h"
#include "rpc/token_fixture.h"

#include <jwt.h>
#include <openssl/hmac.h>

static struct token_key key, rsa_key, stranger;

static int make_keys(void **state)
{
	(void)state;
	key = token_key_make("ES256", "key-1");
	rsa_key = token_key_make("RS256", "key-2");
	stranger = token_key_make("ES256", "key-1");
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	token_key_free(&key);
	token_key_free(&rsa_key);
	token_key_free(&stranger);
	return 0;
}

static struct token_verifier *make_verifier(struct context *ctx)
{
	const struct token_key both[] = {key, rsa_key};
	const char *jwks = token_jwks(&ctx->arena, both, 2);
	struct token_verifier *verifier =
	    token_verifier_new(&(struct token_verifier_options){.issuer = TOKEN_ISSUER, .audience = TOKEN_AUDIENCE});

	assert_non_null(verifier);
	assert_int_equal(token_verifier_set_keys(verifier, ctx, jwks, strlen(jwks)), 0);
	return verifier;
}

static const struct identity *verify(struct context *ctx, struct token_verifier *verifier, const char *token)
{
	error_clear(&ctx->error);
	return token_verify(ctx, verifier, token, strlen(token));
}

static void assert_refused(struct context *ctx, struct token_verifier *verifier, const char *token, const char *reason)
{
	struct token_verifier_stats before, after;

	token_verifier_stats(verifier, &before);
	for (int i = 0; i < 2; i++) { /* the second time nothing must have been remembered */
		if (verify(ctx, verifier, token) != NULL)
			fail_msg("accepted, expected %s: %s", reason, token);
		assert_int_equal(ctx->error.code, ERROR_UNAUTHENTICATED);
		assert_string_equal(ctx->error.reason, reason);
	}
	token_verifier_stats(verifier, &after);
	assert_int_equal(after.remembered, before.remembered);
	assert_int_equal(after.failures, before.failures + 2);
}

static void assert_header_refused(struct context *ctx, struct token_verifier *verifier, const char *header,
				  const char *reason)
{
	assert_refused(ctx, verifier, token_make(&ctx->arena, &key, header, token_claims(&ctx->arena, 0, "")), reason);
}

static void assert_claims_refused(struct context *ctx, struct token_verifier *verifier, const char *claims,
				  const char *reason)
{
	assert_refused(ctx, verifier, token_make(&ctx->arena, &key, token_header(&ctx->arena, &key), claims), reason);
}

#define TEST(name)                                                                     \
	static void name##_body(struct context *ctx, struct token_verifier *verifier); \
	static void name(void **state)                                                 \
	{                                                                              \
		struct context ctx;                                                    \
		struct token_verifier *verifier;                                       \
		(void)state;                                                           \
		context_init(&ctx, DEADLINE_NEVER);                                    \
		verifier = make_verifier(&ctx);                                        \
		name##_body(&ctx, verifier);                                           \
		token_verifier_free(verifier);                                         \
		context_done(&ctx);                                                    \
	}                                                                              \
	static void name##_body(struct context *ctx, struct token_verifier *verifier)

TEST(accepts_a_user)
{
	const char *claims =
	    token_claims(&ctx->arena, 0,
			 ",\"auth_time\":1700000000,\"companies_partial\":true,\"companies\":{\"" TOKEN_COMPANY
			 "\":\"manager\",\"01932b5c-7a10-7000-8000-000000000004\":\"admiral\"}");
	const char *token = token_make(&ctx->arena, &key, token_header(&ctx->arena, &key), claims);
	const struct identity *identity = verify(ctx, verifier, token), *again = verify(ctx, verifier, token);
	struct token_verifier_stats stats;

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
	token_verifier_stats(verifier, &stats);
	assert_int_equal(stats.hits, 1);
	assert_int_equal(stats.misses, 1);
	assert_int_equal(stats.remembered, 1);
}

static const char *private_pem(struct context *ctx, const struct token_key *one)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	const char *pem;

	assert_int_equal(PEM_write_bio_PrivateKey(memory, one->key, NULL, NULL, 0, NULL, NULL), 1);
	long length = BIO_get_mem_data(memory, &bytes);
	pem = arena_strndup(&ctx->arena, bytes, (size_t)length);
	BIO_free(memory);
	return pem;
}

TEST(accepts_what_it_signs)
{
	const struct token_key *keys[] = {&key, &rsa_key, &key};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct jwt_signer signer = {keys[i]->rsa ? "RS256" : "ES256", keys[i]->kid,
						  private_pem(ctx, keys[i])};
		const char *token = jwt_sign(ctx, &signer, token_claims(&ctx->arena, 0, ""));

		assert_non_null(token);
		if (verify(ctx, verifier, token) == NULL)
			fail_msg("%s: %s", ctx->error.reason, token);
	}
}

/* Signatures of another implementation, libjwt. (It can say no typ but "JWT", so these are no access tokens.) */
TEST(signatures_are_those_of_others)
{
	const struct token_key *keys[] = {&key, &rsa_key};

	(void)verifier;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *pem = private_pem(ctx, keys[i]), *dot;
		size_t length;
		jwt_t *made = NULL;
		char *token;

		assert_int_equal(jwt_new(&made), 0);
		assert_int_equal(jwt_set_alg(made, keys[i]->rsa ? JWT_ALG_RS256 : JWT_ALG_ES256,
					     (const unsigned char *)pem, (int)strlen(pem)),
				 0);
		assert_int_equal(jwt_add_grant(made, "sub", TOKEN_USER), 0);
		token = jwt_encode_str(made);
		assert_non_null(token);
		dot = strrchr(token, '.');
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

TEST(signs_only_with_a_key_that_fits)
{
	const char *pem = pem_of(ctx, &key, true);
	const struct jwt_signer signers[] = {
	    {"HS256", "k", "secret"}, {"RS256", "k", pem}, {"ES256", "k", "no key"},
	    {"ES256", "k", ""},	      {"none", "k", pem},
	};

	(void)verifier;
	for (size_t i = 0; i < ARRAY_SIZE(signers); i++) {
		error_clear(&ctx->error);
		assert_null(jwt_sign(ctx, &signers[i], "{}"));
		assert_int_equal(ctx->error.code, ERROR_INTERNAL);
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

TEST(refuses_other_algorithms)
{
	struct arena *arena = &ctx->arena;
	const char *none = "{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"}";
	const char *claims = token_claims(arena, 0, "");

	assert_header_refused(ctx, verifier, none, "algorithm");
	assert_refused(ctx, verifier,
		       arena_printf(arena, "%s.%s.", base64url_encode(arena, none, strlen(none)),
				    base64url_encode(arena, claims, strlen(claims))),
		       "algorithm");
	assert_header_refused(ctx, verifier, "{\"alg\":\"NONE\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"}", "algorithm");
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"}", "algorithm");
	assert_header_refused(ctx, verifier, "{\"alg\":\"es256\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"}", "algorithm");
	assert_header_refused(ctx, verifier, "{\"typ\":\"at+jwt\",\"kid\":\"key-1\"}", "algorithm");
	assert_header_refused(ctx, verifier, "{\"alg\":256,\"typ\":\"at+jwt\",\"kid\":\"key-1\"}", "algorithm");
}

/* The public key as the secret of an HMAC: what verifiers fall for that let the token choose. */
TEST(refuses_hmac_with_the_public_key)
{
	struct arena *arena = &ctx->arena;
	const char *header = "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"key-2\"}";
	const char *claims = token_claims(arena, 0, "");
	const char *signing = arena_printf(arena, "%s.%s", base64url_encode(arena, header, strlen(header)),
					   base64url_encode(arena, claims, strlen(claims)));
	unsigned char tag[EVP_MAX_MD_SIZE];
	unsigned tag_length = 0;
	char *pem = NULL;
	BIO *memory = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PUBKEY(memory, rsa_key.key), 1);
	long pem_length = BIO_get_mem_data(memory, &pem);
	assert_non_null(HMAC(EVP_sha256(), pem, (int)pem_length, (const unsigned char *)signing, strlen(signing), tag,
			     &tag_length));
	BIO_free(memory);
	assert_refused(ctx, verifier, arena_printf(arena, "%s.%s", signing, base64url_encode(arena, tag, tag_length)),
		       "algorithm");
}

TEST(refuses_keys_that_are_not_the_issuers)
{
	struct arena *arena = &ctx->arena;
	const char *claims = token_claims(arena, 0, "");

	assert_refused(ctx, verifier, token_make(arena, &stranger, token_header(arena, &key), claims), "signature");
	assert_refused(ctx, verifier, token_make(arena, &rsa_key, token_header(arena, &key), claims), "signature");
	/* A kid of the other algorithm. */
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"key-2\"}", "unknown_key");
	assert_header_refused(ctx, verifier, "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"}", "unknown_key");
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"key-3\"}", "unknown_key");
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"KEY-1\"}", "unknown_key");
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"\"}", "malformed");
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":1}", "malformed");
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", "malformed");
	assert_header_refused(ctx, verifier,
			      arena_printf(arena, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%0200d\"}", 1),
			      "malformed");
}

TEST(refuses_headers_that_bring_their_own_key)
{
	struct arena *arena = &ctx->arena;
	const char *start = "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"";
	const char *const members[] = {
	    "\"jku\":\"https://evil.test/jwks\"",
	    "\"x5u\":\"https://evil.test/x\"",
	    "\"x5c\":[]",
	    "\"crit\":[\"exp\"]",
	    "\"b64\":false",
	    "\"zip\":\"DEF\"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		assert_header_refused(ctx, verifier, arena_printf(arena, "%s,%s}", start, members[i]), "malformed");
	const char *own = arena_printf(arena, "%s,\"jwk\":{%s}}", start, token_jwk(arena, &stranger));
	assert_refused(ctx, verifier, token_make(arena, &stranger, own, token_claims(arena, 0, "")), "malformed");
}

TEST(refuses_other_types)
{
	static const char format[] = "{\"alg\":\"ES256\",\"typ\":%s,\"kid\":\"key-1\"}";
	const char *const types[] = {"\"JWT\"", "\"at+JWT+\"", "\"id+jwt\"", "null", "\"\""};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		assert_header_refused(ctx, verifier, arena_printf(&ctx->arena, format, types[i]), "type");
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES256\",\"kid\":\"key-1\"}", "type");
	assert_non_null(
	    verify(ctx, verifier,
		   token_make(&ctx->arena, &key, arena_printf(&ctx->arena, format, "\"application/at+JWT\""),
			      token_claims(&ctx->arena, 0, ""))));
}

TEST(refuses_wrong_times)
{
	struct arena *arena = &ctx->arena;
	long now = (long)(clock_wall() / CLOCK_SECOND);

	assert_claims_refused(ctx, verifier, token_claims(arena, -640, ""), "expired");
	assert_non_null(
	    verify(ctx, verifier, token_make(arena, &key, token_header(arena, &key), token_claims(arena, -610, ""))));
	assert_claims_refused(ctx, verifier, token_claims(arena, 60, ""), "not_yet_valid");
	assert_non_null(
	    verify(ctx, verifier, token_make(arena, &key, token_header(arena, &key), token_claims(arena, 20, ""))));
	assert_claims_refused(ctx, verifier, token_claims(arena, 0, arena_printf(arena, ",\"nbf\":%ld", now + 60)),
			      "not_yet_valid");
	assert_claims_refused(ctx, verifier, token_claims(arena, 0, ",\"nbf\":\"soon\""), "malformed");
}

TEST(refuses_malformed_times)
{
	struct arena *arena = &ctx->arena;
	long now = (long)(clock_wall() / CLOCK_SECOND);
	const char *start = "{\"iss\":\"" TOKEN_ISSUER "\",\"aud\":\"" TOKEN_AUDIENCE "\",\"sub\":\"" TOKEN_USER
			    "\",\"roles\":[\"user\"]";

	assert_claims_refused(ctx, verifier, arena_printf(arena, "%s,\"iat\":%ld}", start, now), "malformed");
	assert_claims_refused(ctx, verifier, arena_printf(arena, "%s,\"exp\":%ld}", start, now + 60), "malformed");
	assert_claims_refused(ctx, verifier, arena_printf(arena, "%s,\"iat\":%ld,\"exp\":%ld}", start, now, now + 7200),
			      "malformed");
	assert_claims_refused(
	    ctx, verifier, arena_printf(arena, "%s,\"iat\":%ld,\"exp\":\"%ld\"}", start, now, now + 60), "malformed");
	assert_claims_refused(ctx, verifier, arena_printf(arena, "%s,\"iat\":%ld,\"exp\":1e300}", start, now),
			      "malformed");
	assert_claims_refused(ctx, verifier, arena_printf(arena, "%s,\"iat\":-1,\"exp\":%ld}", start, now),
			      "malformed");
	assert_non_null(
	    verify(ctx, verifier,
		   token_make(arena, &key, token_header(arena, &key),
			      arena_printf(arena, "%s,\"iat\":%ld.25,\"exp\":%ld.5}", start, now - 1, now + 60))));
}

TEST(refuses_other_parties)
{
	struct arena *arena = &ctx->arena;
	long now = (long)(clock_wall() / CLOCK_SECOND);
	static const char format[] =
	    "{\"iss\":%s,\"aud\":%s,\"sub\":\"" TOKEN_USER "\",\"roles\":[\"user\"],\"iat\":%ld,\"exp\":%ld}";
	const char *const audiences[] = {
	    "\"other\"", "[]", "[\"other\"]", "[[\"" TOKEN_AUDIENCE "\"]]", "null", "{}", "\"" TOKEN_AUDIENCE " \""};

	for (size_t i = 0; i < ARRAY_SIZE(audiences); i++)
		assert_claims_refused(ctx, verifier,
				      arena_printf(arena, format, "\"" TOKEN_ISSUER "\"", audiences[i], now, now + 60),
				      "audience");
	assert_claims_refused(
	    ctx, verifier,
	    arena_printf(arena, format, "\"" TOKEN_ISSUER "/\"", "\"" TOKEN_AUDIENCE "\"", now, now + 60), "issuer");
	assert_claims_refused(ctx, verifier,
			      arena_printf(arena, format, "null", "\"" TOKEN_AUDIENCE "\"", now, now + 60), "issuer");
}

TEST(refuses_malformed_claims)
{
	struct arena *arena = &ctx->arena;
	long now = (long)(clock_wall() / CLOCK_SECOND);
	static const char format[] =
	    "{\"iss\":\"" TOKEN_ISSUER "\",\"aud\":\"" TOKEN_AUDIENCE "\",\"iat\":%ld,\"exp\":%ld%s}";
	const char *const members[] = {
	    "",
	    ",\"sub\":\"admin\"",
	    ",\"sub\":12",
	    ",\"sub\":\"" TOKEN_USER "\",\"sid\":\"x\"",
	    ",\"sub\":\"" TOKEN_USER "\",\"sid\":7",
	    ",\"sub\":\"" TOKEN_USER "\",\"roles\":\"admin\"",
	    ",\"sub\":\"" TOKEN_USER "\",\"companies\":[]",
	    ",\"sub\":\"" TOKEN_USER "\",\"companies\":{\"x\":\"owner\"}",
	    ",\"sub\":\"" TOKEN_USER "\",\"companies\":{\"" TOKEN_COMPANY "\":1}",
	    /* Used twice: which one counts must not be a matter of taste. */
	    ",\"sub\":\"" TOKEN_USER "\",\"roles\":[\"user\"],\"roles\":[\"admin\"]",
	    ",\"sub\":\"" TOKEN_USER "\",\"r\\u006fles\":[\"user\"],\"roles\":[\"admin\"]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		assert_claims_refused(ctx, verifier, arena_printf(arena, format, now, now + 60, members[i]),
				      "malformed");
	const char *companies = "\"" TOKEN_COMPANY "\":\"owner\"";
	for (int i = 0; i < IDENTITY_MAX_COMPANIES; i++)
		companies =
		    arena_printf(arena, "%s,\"01932b5c-7a10-7000-8000-0000000001%02x\":\"staff\"", companies, i);
	assert_claims_refused(
	    ctx, verifier, token_claims(arena, 0, arena_printf(arena, ",\"companies\":{%s}", companies)), "malformed");
	assert_claims_refused(ctx, verifier, "[]", "malformed");
	assert_claims_refused(ctx, verifier, "null", "malformed");
	assert_claims_refused(ctx, verifier, "{", "malformed");
	assert_claims_refused(ctx, verifier, "[[[[[[[[[[[[1]]]]]]]]]]]]", "malformed");
}

TEST(refuses_broken_texts)
{
	struct arena *arena = &ctx->arena;
	const char *good = token_good(arena, &key);
	size_t length = strlen(good);
	char *huge = arena_alloc(arena, 100001);

	for (size_t cut = 1; cut < length; cut++) { /* every truncation */
		error_clear(&ctx->error);
		assert_null(token_verify(ctx, verifier, good, length - cut));
		assert_int_equal(ctx->error.code, ERROR_UNAUTHENTICATED);
	}
	memset(huge, 'a', 100000);
	huge[100000] = '\0';
	assert_refused(ctx, verifier, huge, "malformed");
	assert_refused(ctx, verifier, "", "malformed");
	assert_refused(ctx, verifier, "..", "malformed");
	assert_refused(ctx, verifier, "a.b", "malformed");
	assert_refused(ctx, verifier, arena_printf(arena, "%s.x", good), "malformed");
	assert_refused(ctx, verifier, arena_printf(arena, "%s=", good), "malformed");
	assert_refused(ctx, verifier, arena_printf(arena, " %s", good), "malformed");
	assert_refused(ctx, verifier, arena_printf(arena, "%s\n", good), "malformed");
	assert_non_null(verify(ctx, verifier, good));
}

/* 64 bytes leave 4 spare bits in the last character: with them set it is another spelling of the same signature. */
TEST(refuses_other_spellings)
{
	const char *good = token_good(&ctx->arena, &key);
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char *other = arena_strdup(&ctx->arena, good);
	size_t last = strlen(good) - 1;
	const char *place = strchr(alphabet, good[last]);

	assert_non_null(place);
	for (int spare = 1; spare < 16; spare++) {
		other[last] = alphabet[(place - alphabet) + spare];
		assert_refused(ctx, verifier, other, "malformed");
	}
	assert_non_null(verify(ctx, verifier, good));
}

/* One changed bit anywhere. */
TEST(refuses_tampering)
{
	const char *good = token_good(&ctx->arena, &key);
	char *bad = arena_strdup(&ctx->arena, good);

	assert_non_null(verify(ctx, verifier, good));
	for (size_t i = 0; good[i]; i++) {
		bad[i] = good[i] == 'A' ? 'B' : 'A';
		error_clear(&ctx->error);
		assert_null(token_verify(ctx, verifier, bad, strlen(bad)));
		bad[i] = good[i];
	}
}

TEST(revocation_reaches_known_tokens)
{
	struct arena *arena = &ctx->arena;
	const char *old = token_good(arena, &key);
	int64_t now = clock_wall();

	assert_non_null(verify(ctx, verifier, old));
	token_verifier_revoke(verifier, TOKEN_USER, "01932b5c-7a10-7000-8000-0000000000ff", now);
	assert_non_null(verify(ctx, verifier, old)); /* another session */
	token_verifier_revoke(verifier, TOKEN_USER, TOKEN_SESSION, now - 60 * CLOCK_SECOND);
	assert_non_null(verify(ctx, verifier, old)); /* before it was issued */
	token_verifier_revoke(verifier, TOKEN_USER, TOKEN_SESSION, now + CLOCK_SECOND);
	assert_refused(ctx, verifier, arena_strdup(arena, token_good(arena, &key)), "revoked");
	assert_null(verify(ctx, verifier, old));
	assert_string_equal(ctx->error.reason, "revoked");
	/* An earlier moment does not undo it. */
	token_verifier_revoke(verifier, TOKEN_USER, TOKEN_SESSION, now - 60 * CLOCK_SECOND);
	assert_refused(ctx, verifier, old, "revoked");
}

TEST(revocation_of_a_user_spares_later_tokens)
{
	struct arena *arena = &ctx->arena;
	const char *old = token_make(arena, &key, token_header(arena, &key), token_claims(arena, -100, ""));

	assert_non_null(verify(ctx, verifier, old));
	token_verifier_revoke(verifier, TOKEN_USER, NULL, clock_wall() - 50 * CLOCK_SECOND);
	assert_null(verify(ctx, verifier, old));
	assert_refused(ctx, verifier, old, "revoked");
	assert_non_null(verify(ctx, verifier, token_good(arena, &key)));
}

/* An identity found stays valid while its request goes on, whatever is evicted meanwhile. */
TEST(eviction_spares_identities_in_use)
{
	struct context held;
	struct token_verifier *small = token_verifier_new(
	    &(struct token_verifier_options){.issuer = TOKEN_ISSUER, .audience = TOKEN_AUDIENCE, .cache_size = 8});
	const char *jwks = token_jwks(&ctx->arena, &key, 1);
	const struct identity *first;
	struct token_verifier_stats stats;

	(void)verifier;
	context_init(&held, DEADLINE_NEVER);
	assert_int_equal(token_verifier_set_keys(small, ctx, jwks, strlen(jwks)), 0);
	first = verify(&held, small, token_good(&ctx->arena, &key));
	assert_non_null(first);
	for (int i = 0; i < 40; i++) {
		struct context one;

		context_init(&one, DEADLINE_NEVER);
		assert_non_null(verify(&one, small, token_good(&one.arena, &key)));
		context_done(&one);
	}
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
	    cmocka_unit_test(accepts_what_it_signs),
	    cmocka_unit_test(signatures_are_those_of_others),
	    cmocka_unit_test(signs_only_with_a_key_that_fits),
	    cmocka_unit_test(accepts_a_service),
	    cmocka_unit_test(refuses_other_algorithms),
	    cmocka_unit_test(refuses_hmac_with_the_public_key),
	    cmocka_unit_test(refuses_keys_that_are_not_the_issuers),
	    cmocka_unit_test(refuses_headers_that_bring_their_own_key),
	    cmocka_unit_test(refuses_other_types),
	    cmocka_unit_test(refuses_wrong_times),
	    cmocka_unit_test(refuses_malformed_times),
	    cmocka_unit_test(refuses_other_parties),
	    cmocka_unit_test(refuses_malformed_claims),
	    cmocka_unit_test(refuses_broken_texts),
	    cmocka_unit_test(refuses_other_spellings),
	    cmocka_unit_test(refuses_tampering),
	    cmocka_unit_test(revocation_reaches_known_tokens),
	    cmocka_unit_test(revocation_of_a_user_spares_later_tokens),
	    cmocka_unit_test(eviction_spares_identities_in_use),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
