/* What the verifier refuses: every way we know to forge an access token. */
#include "token/token.h"
#include "token/token_fixture.h"

#include <openssl/hmac.h>

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

TEST(refuses_hmac_with_the_public_key)
{
	struct arena *arena = &ctx->arena;
	const char *header = "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"key-2\"}";
	const char *claims = token_claims(arena, 0, "");
	const char *signing = arena_printf(arena, "%s.%s", base64url_encode(arena, header, strlen(header)),
					   base64url_encode(arena, claims, strlen(claims)));
	unsigned tag_length = 0;
	char *pem = NULL;
	BIO *memory = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PUBKEY(memory, rsa_key.key), 1);
	long pem_length = BIO_get_mem_data(memory, &pem);
	unsigned char tag[EVP_MAX_MD_SIZE];
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
	    ",\"sub\":\"" TOKEN_USER "\",\"roles\":[[\"admin\"]]",
	    ",\"sub\":\"" TOKEN_USER "\",\"roles\":[null]",
	    ",\"sub\":\"" TOKEN_USER "\",\"roles\":[\"user\",\"client\"]",
	    ",\"sub\":\"" TOKEN_USER "\",\"epoch\":-1",
	    ",\"sub\":\"" TOKEN_USER "\",\"epoch\":1.5",
	    ",\"sub\":\"" TOKEN_USER "\",\"epoch\":\"9\"",
	    ",\"sub\":\"" TOKEN_USER "\",\"epoch\":null",
	    ",\"sub\":\"" TOKEN_USER "\",\"epoch\":99999999999999999999999",
	    ",\"sub\":\"" TOKEN_USER "\",\"scope\":[\"*\"]",
	    ",\"sub\":\"" TOKEN_USER "\",\"act\":\"" TOKEN_COMPANY "\"",
	    ",\"sub\":\"" TOKEN_USER "\",\"act\":{}",
	    ",\"sub\":\"" TOKEN_USER "\",\"act\":{\"sub\":\"admin\"}",
	    ",\"sub\":\"" TOKEN_USER "\",\"act\":{\"sub\":{\"sub\":\"" TOKEN_COMPANY "\"}}",
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
}

TEST(refuses_what_is_no_object_of_claims)
{
	struct arena *arena = &ctx->arena;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_other_algorithms),
	    cmocka_unit_test(refuses_hmac_with_the_public_key),
	    cmocka_unit_test(refuses_keys_that_are_not_the_issuers),
	    cmocka_unit_test(refuses_headers_that_bring_their_own_key),
	    cmocka_unit_test(refuses_other_types),
	    cmocka_unit_test(refuses_wrong_times),
	    cmocka_unit_test(refuses_malformed_times),
	    cmocka_unit_test(refuses_other_parties),
	    cmocka_unit_test(refuses_malformed_claims),
	    cmocka_unit_test(refuses_what_is_no_object_of_claims),
	    cmocka_unit_test(refuses_broken_texts),
	    cmocka_unit_test(refuses_other_spellings),
	    cmocka_unit_test(refuses_tampering),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
