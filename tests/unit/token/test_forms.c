/* Texts that are almost access tokens: other forms of JOSE, other spellings of JSON and base64url, other numbers, names
 * of keys that mean something elsewhere. */
#include "token/token.h"
#include "token/token_fixture.h"

/* Signs parts of any bytes. */
static const char *make_of_bytes(struct arena *arena, const void *header, size_t header_length, const void *claims,
				 size_t claims_length)
{
	const char *signing = arena_printf(arena, "%s.%s", base64url_encode(arena, header, header_length),
					   base64url_encode(arena, claims, claims_length));
	return arena_printf(arena, "%s.%s", signing, token_signature(arena, &key, signing));
}

/* RFC 7515 appendices A.1 to A.5 and RFC 7519 section 6.1, and forms that are no compact JWS. */
TEST(refuses_the_examples_of_the_standards)
{
	static const char payload[] =
	    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
	struct arena *arena = &ctx->arena;
	const char *good = token_good(arena, &key);
	assert_refused(ctx, verifier,
		       arena_printf(arena,
				    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.%s."
				    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
				    payload),
		       "algorithm");
	assert_refused(ctx, verifier,
		       arena_printf(arena,
				    "eyJhbGciOiJFUzI1NiJ9.%s.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw"
				    "5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
				    payload),
		       "type");
	assert_refused(ctx, verifier, "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwM", "algorithm");
	assert_refused(ctx, verifier, arena_printf(arena, "eyJhbGciOiJub25lIn0.%s.", payload), "algorithm");
	/* The JSON serialisations, an encrypted token, a detached payload. */
	assert_refused(ctx, verifier,
		       "{\"payload\":\"e30\",\"signatures\":[{\"protected\":\"e30\",\"signature\":\"\"}]}",
		       "malformed");
	assert_refused(ctx, verifier, "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.a.b.c.d", "malformed");
	assert_refused(ctx, verifier,
		       arena_printf(arena, "%.*s.%s", (int)(strchr(good, '.') - good), good, strrchr(good, '.')),
		       "signature");
}

static const char *as_utf16(struct arena *arena, const char *text, size_t *ret_length)
{
	char *wide = arena_alloc(arena, 2 * strlen(text) + 1);
	for (size_t i = 0; text[i]; i++) {
		wide[2 * i] = text[i];
		wide[2 * i + 1] = '\0';
	}
	*ret_length = 2 * strlen(text);
	return wide;
}

/* RFC 8725 section 2.6: JSON is UTF-8, whole and with each name once. */
TEST(refuses_other_spellings_of_json)
{
	struct arena *arena = &ctx->arena;
	const char *header = token_header(arena, &key), *claims = token_claims(arena, 0, "");
	size_t length;
	const char *wide = as_utf16(arena, header, &length);
	const char *const texts[] = {
	    "\xEF\xBB\xBF%s", "%s{}", "%s x", "[%s]", "{\"a\":%s", "%s,", "\"%s\"", "%s\x01", "%s/**/",
	};
	assert_refused(ctx, verifier, make_of_bytes(arena, wide, length, claims, strlen(claims)), "malformed");
	wide = as_utf16(arena, claims, &length);
	assert_refused(ctx, verifier, make_of_bytes(arena, header, strlen(header), wide, length), "malformed");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *percent = strstr(texts[i], "%s");
		const char *bad_header =
		    arena_printf(arena, "%.*s%s%s", (int)(percent - texts[i]), texts[i], header, percent + 2);
		const char *bad_claims =
		    arena_printf(arena, "%.*s%s%s", (int)(percent - texts[i]), texts[i], claims, percent + 2);
		assert_header_refused(ctx, verifier, bad_header, "malformed");
		assert_claims_refused(ctx, verifier, bad_claims, "malformed");
	}
	/* With its NUL. */
	assert_refused(ctx, verifier, make_of_bytes(arena, header, strlen(header) + 1, claims, strlen(claims)),
		       "malformed");
	assert_refused(ctx, verifier, make_of_bytes(arena, header, strlen(header), claims, strlen(claims) + 1),
		       "malformed");
}

TEST(refuses_members_given_twice)
{
	static const char *const headers[] = {
	    "{\"alg\":\"none\",\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"}",
	    "{\"\\u0061lg\":\"none\",\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"}",
	    "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"}",
	    "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"key-2\",\"kid\":\"key-1\"}",
	};
	static const char *const claims[] = {
	    ",\"sub\":\"" TOKEN_COMPANY "\"",
	    ",\"iss\":\"" TOKEN_ISSUER "\"",
	    ",\"aud\":\"" TOKEN_AUDIENCE "\"",
	    ",\"exp\":9999999999",
	    ",\"\\u0065xp\":9999999999",
	    ",\"sid\":\"" TOKEN_COMPANY "\"",
	    ",\"roles\":[\"admin\"]",
	    ",\"epoch\":0,\"epoch\":9",
	    ",\"companies\":{},\"companies\":{\"" TOKEN_COMPANY "\":\"owner\"}",
	    ",\"companies\":{\"" TOKEN_COMPANY "\":\"staff\",\"" TOKEN_COMPANY "\":\"owner\"}",
	    ",\"other\":{\"a\":1,\"a\":2}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		assert_header_refused(ctx, verifier, headers[i], "malformed");
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
		assert_claims_refused(ctx, verifier, token_claims(&ctx->arena, 0, claims[i]), "malformed");
}

/* A text that goes on behind a NUL must not be compared as if it ended there. */
TEST(refuses_nul)
{
	static const char *const claims[] = {
	    ",\"epoch\":1,\"act\":{\"sub\":\"" TOKEN_COMPANY "\\u0000\"}",
	    ",\"companies\":{\"" TOKEN_COMPANY "\":\"owner\\u0000x\"}",
	    ",\"companies\":{\"" TOKEN_COMPANY "\\u0000x\":\"owner\"}",
	    ",\"scope\":\"*\\u0000\"",
	};
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES256\\u0000\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"}",
			      "malformed");
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"key-1\\u0000x\"}",
			      "malformed");
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
		assert_claims_refused(ctx, verifier, token_claims(&ctx->arena, 0, claims[i]), "malformed");
}

static void assert_numbers_refused(struct context *ctx, struct token_verifier *verifier, const char *issued,
				   const char *expires)
{
	assert_claims_refused(ctx, verifier,
			      arena_printf(&ctx->arena,
					   "{\"iss\":\"" TOKEN_ISSUER "\",\"aud\":\"" TOKEN_AUDIENCE
					   "\",\"sub\":\"" TOKEN_USER "\",\"roles\":[\"user\"],\"iat\":%s,\"exp\":%s}",
					   issued, expires),
			      "malformed");
}

TEST(refuses_other_numbers)
{
	struct arena *arena = &ctx->arena;
	const char *now = arena_printf(arena, "%ld", (long)(clock_wall() / CLOCK_SECOND));
	char *long_number = arena_zalloc(arena, 2000);
	const char *const bad[] = {
	    "1e400",
	    "-1e400",
	    "9223372036854775807",
	    "9223372036854775808",
	    "18446744073709551617",
	    "253402300800",
	    "-0.0000001",
	    "NaN",
	    "Infinity",
	    "0x7fffffff",
	    "01",
	    "1e",
	    "true",
	    "null",
	    "[]",
	    "{}",
	    "\"1\"",
	    long_number,
	};
	memset(long_number, '9', 1000);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_numbers_refused(ctx, verifier, now, bad[i]);
		assert_numbers_refused(ctx, verifier, bad[i], arena_printf(arena, "%ld", strtol(now, NULL, 10) + 600));
	}
	assert_numbers_refused(ctx, verifier, now,
			       arena_printf(arena, "%ld", strtol(now, NULL, 10) - 1)); /* ends before it begins */
}

/* A kid is compared and nothing else: never a path, a statement, a pattern or an address. */
TEST(refuses_kids_that_mean_something_elsewhere)
{
	static const char *const kids[] = {
	    "../../../../dev/null",
	    "/etc/passwd",
	    "file:///dev/null",
	    "https://evil.test/jwks.json",
	    "' OR '1'='1",
	    "x' UNION SELECT 'key';--",
	    "key-1; DROP TABLE signing_key",
	    "key-_",
	    "key%",
	    "key-.*",
	    "*",
	    "key-1 ",
	    " key-1",
	    "key-1\\n",
	    "key-1\\\"",
	    "$(reboot)",
	    "%n%s",
	    "\\uFF4B\\uFF45\\uFF59-1", /* wide letters, which compatibility forms take for the plain ones */
	};
	for (size_t i = 0; i < ARRAY_SIZE(kids); i++)
		assert_header_refused(
		    ctx, verifier,
		    arena_printf(&ctx->arena, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", kids[i]),
		    "unknown_key");
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":[\"key-1\"]}", "malformed");
	assert_header_refused(ctx, verifier, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":{\"a\":\"key-1\"}}",
			      "malformed");
}

/* The good token with its part (0, 1 or 2) changed by one character put in. */
static const char *with_inserted(struct arena *arena, const char *good, int part, const char *inserted)
{
	const char *at = good;
	for (int i = 0; i < part; i++)
		at = strchr(at, '.') + 1;
	return arena_printf(arena, "%.*s%s%s", (int)(at - good) + 4, good, inserted, at + 4);
}

TEST(refuses_other_alphabets)
{
	static const char *const inserted[] = {"=",    "==", "+",    "/", "%3D", " ",	 "\n",
					       "\r\n", "\t", "\x80", "~", "*",	 "&#46;"};
	const char *good = token_good(&ctx->arena, &key);
	for (int part = 0; part < 3; part++)
		for (size_t i = 0; i < ARRAY_SIZE(inserted); i++)
			assert_refused(ctx, verifier, with_inserted(&ctx->arena, good, part, inserted[i]), "malformed");
	assert_non_null(verify(ctx, verifier, good));
}

/* A text that was an access token until something was left out. */
TEST(refuses_empty_parts)
{
	struct arena *arena = &ctx->arena;
	const char *good = token_good(arena, &key), *first = strchr(good, '.'), *second = strrchr(good, '.');
	assert_refused(ctx, verifier, arena_printf(arena, "%s", first), "malformed");
	assert_refused(ctx, verifier, arena_printf(arena, "%.*s.", (int)(second - good), good), "signature");
	assert_refused(ctx, verifier, arena_printf(arena, "%s.%s", good, ""), "malformed");
	assert_header_refused(ctx, verifier, "{}", "algorithm");
	assert_claims_refused(ctx, verifier, "{}", "issuer");
	assert_claims_refused(ctx, verifier, "", "malformed");
}

/* Deeper than any token of ours: refused before anything is built. */
TEST(refuses_deep_nesting)
{
	struct arena *arena = &ctx->arena;
	char *opened = arena_zalloc(arena, 3001);
	memset(opened, '[', 2500);
	assert_claims_refused(ctx, verifier, arena_printf(arena, "{\"a\":%s", opened), "malformed");
	assert_header_refused(ctx, verifier, arena_printf(arena, "{\"a\":%s", opened), "malformed");
	assert_claims_refused(ctx, verifier,
			      token_claims(arena, 0,
					   ",\"act\":{\"sub\":\"" TOKEN_COMPANY
					   "\",\"act\":{\"act\":{\"act\":{\"act\":{\"act\":{"
					   "\"act\":{\"act\":{\"act\":{}}}}}}}}}"),
			      "malformed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_the_examples_of_the_standards),
	    cmocka_unit_test(refuses_other_spellings_of_json),
	    cmocka_unit_test(refuses_members_given_twice),
	    cmocka_unit_test(refuses_nul),
	    cmocka_unit_test(refuses_other_numbers),
	    cmocka_unit_test(refuses_kids_that_mean_something_elsewhere),
	    cmocka_unit_test(refuses_other_alphabets),
	    cmocka_unit_test(refuses_empty_parts),
	    cmocka_unit_test(refuses_deep_nesting),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
