/* Which keys of a JWKS are taken, and signatures of the standard's own examples. */
#include "token/jwk.h"
#include "token/jwks.h"
#include "token/token_fixture.h"

/* RFC 7515 appendix A: the payload of A.2 and A.3. */
#define RFC_PAYLOAD "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define RFC_EC_JWK                                                                                                \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a3\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define RFC_EC_SIGNATURE "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define RFC_RSA_JWK                                                                                                \
	"{\"kty\":\"RSA\",\"kid\":\"a2\",\"e\":\"AQAB\",\"n\":"                                                    \
	"\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-" \
	"SFd2lZ"                                                                                                   \
	"S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"        \
	"UTo7WTBEMa2R2Ca"                                                                                          \
	"pHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"                             \
	"h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h"                                                                     \
	"4FRWyuXpoQ\"}"
#define RFC_RSA_SIGNATURE                                                                                            \
	"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"                      \
	"O8W2Fp5jujGbds9uJdbF9CUA"                                                                                   \
	"r7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_" \
	"dO--xi"                                                                                                     \
	"12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_" \
	"IoypGl"                                                                                                     \
	"UPQGe77Rw"

/* A point that is not on the curve; a curve that is not ours. */
static const char off_curve_jwk[] =
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"good\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1\"}";
static const char p384_jwk[] =
    "{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"good\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";
static const char double_keys[] = "{\"keys\":[" RFC_EC_JWK "],\"keys\":[]}";

static struct jwks *parse(struct context *ctx, const char *text)
{
	error_clear(&ctx->error);
	return jwks_parse(ctx, text, strlen(text));
}

static struct jwks *parse_keys(struct context *ctx, const char *keys)
{
	return parse(ctx, arena_printf(&ctx->arena, "{\"keys\":[%s]}", keys));
}

static void verify_example(struct context *ctx, const char *jwk, const char *kid, enum jwt_algorithm algorithm,
			   const char *header, const char *encoded)
{
	struct jwks *set = parse_keys(ctx, jwk);
	const char *signing = arena_printf(&ctx->arena, "%s." RFC_PAYLOAD, header);
	size_t length = strlen(signing), signature_length;
	unsigned char *signature = base64url_decode(&ctx->arena, encoded, strlen(encoded), &signature_length);
	assert_non_null(set);
	assert_non_null(signature);
	EVP_PKEY *found = jwks_find(set, kid, algorithm);
	assert_non_null(found);
	assert_true(jwt_signature_valid(algorithm, found, signing, length, signature, signature_length));
	for (size_t i = 0; i < signature_length; i++) {
		signature[i] ^= 1;
		assert_false(jwt_signature_valid(algorithm, found, signing, length, signature, signature_length));
		signature[i] ^= 1;
	}
	assert_false(jwt_signature_valid(algorithm, found, signing, length, signature, signature_length - 1));
	assert_false(jwt_signature_valid(algorithm == JWT_ES256 ? JWT_RS256 : JWT_ES256, found, signing, length,
					 signature, signature_length));
	jwks_free(set);
}

static void test_verifies_the_examples_of_the_standard(void **state)
{
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	verify_example(&ctx, RFC_EC_JWK, "a3", JWT_ES256, "eyJhbGciOiJFUzI1NiJ9", RFC_EC_SIGNATURE);
	verify_example(&ctx, RFC_RSA_JWK, "a2", JWT_RS256, "eyJhbGciOiJSUzI1NiJ9", RFC_RSA_SIGNATURE);
	context_done(&ctx);
}

/* r or s of zero is what broken verifiers accept from anybody. */
static void test_refuses_empty_signatures(void **state)
{
	unsigned char zeros[JWT_ES256_BYTES] = {0};
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct jwks *set = parse_keys(&ctx, RFC_EC_JWK);
	assert_false(jwt_signature_valid(JWT_ES256, jwks_find(set, "a3", JWT_ES256), "x", 1, zeros, sizeof(zeros)));
	assert_false(jwt_signature_valid(JWT_ES256, jwks_find(set, "a3", JWT_ES256), "x", 1, zeros, 0));
	jwks_free(set);
	context_done(&ctx);
}

/* rsa: a good key beside it, to which it does no harm. */
static void assert_useless(struct context *ctx, const char *useless, const char *rsa)
{
	if (parse_keys(ctx, useless))
		fail_msg("taken: %s", useless);
	assert_int_equal(ctx->error.code, ERROR_UNAVAILABLE);
	struct jwks *set = parse_keys(ctx, arena_printf(&ctx->arena, "%s,{%s}", useless, rsa));
	assert_non_null(set);
	assert_true(jwks_has(set, "rsa"));
	assert_false(jwks_has(set, "good"));
	jwks_free(set);
}

static void test_leaves_out_what_cannot_verify(void **state)
{
	struct token_key good = token_key_make("ES256", "good"), rsa = token_key_make("RS256", "rsa");
	struct token_key weak = {.kid = "weak", .rsa = true, .key = EVP_RSA_gen((size_t)1024)};
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	const char *ec = token_jwk(&ctx.arena, &good);
	const char *full = token_jwk(&ctx.arena, &rsa);
	const char *const useless[] = {
	    arena_printf(&ctx.arena, "{%s,\"use\":\"enc\"}", ec),
	    arena_printf(&ctx.arena, "{%s,\"use\":1}", ec),
	    arena_printf(&ctx.arena, "{%s,\"alg\":\"ES384\"}", ec),
	    arena_printf(&ctx.arena, "{%s,\"alg\":\"PS256\"}", full),
	    arena_printf(&ctx.arena, "{%s,\"key_ops\":[\"sign\"]}", ec),
	    arena_printf(&ctx.arena, "{%s,\"key_ops\":\"verify\"}", ec),
	    arena_printf(&ctx.arena, "{%s}", token_jwk(&ctx.arena, &weak)),
	    "{\"kty\":\"oct\",\"kid\":\"good\",\"k\":\"c2VjcmV0\"}",
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"good\",\"x\":\"AQ\",\"y\":\"AQ\"}",
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"good\"}",
	    "{\"kty\":\"RSA\",\"kid\":\"good\",\"n\":\"AQ\",\"e\":\"AQAB\"}",
	    off_curve_jwk,
	    p384_jwk,
	    "{\"kty\":7}",
	    "null",
	    "[]",
	    "1",
	    "{}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(useless); i++)
		assert_useless(&ctx, useless[i], full);
	token_key_free(&good);
	token_key_free(&rsa);
	token_key_free(&weak);
	context_done(&ctx);
}

static void test_refuses_what_is_no_set(void **state)
{
	static const char *const texts[] = {
	    "", "{}", "[]", "null", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[],}", "<html>", double_keys};
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_null(parse(&ctx, texts[i]));
		assert_int_equal(ctx.error.code, ERROR_UNAVAILABLE);
	}
	context_done(&ctx);
}

static void test_says_whether_a_set_has_another(void **state)
{
	struct token_key first = token_key_make("ES256", "a"), second = token_key_make("ES256", "b"),
			 impostor = token_key_make("ES256", "a");
	const struct token_key both[] = {first, second};
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct jwks *old = parse(&ctx, token_jwks(&ctx.arena, &first, 1));
	struct jwks *grown = parse(&ctx, token_jwks(&ctx.arena, both, 2));
	struct jwks *changed = parse(&ctx, token_jwks(&ctx.arena, &impostor, 1));
	assert_true(jwks_includes(old, NULL));
	assert_true(jwks_includes(old, old));
	assert_true(jwks_includes(grown, old));
	assert_false(jwks_includes(old, grown));
	assert_false(jwks_includes(changed, old));
	jwks_free(old);
	jwks_free(grown);
	jwks_free(changed);
	token_key_free(&first);
	token_key_free(&second);
	token_key_free(&impostor);
	context_done(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verifies_the_examples_of_the_standard),
	    cmocka_unit_test(test_refuses_empty_signatures),
	    cmocka_unit_test(test_leaves_out_what_cannot_verify),
	    cmocka_unit_test(test_refuses_what_is_no_set),
	    cmocka_unit_test(test_says_whether_a_set_has_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
