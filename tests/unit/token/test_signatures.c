/* Signatures that look right: other encodings, other schemes, values at the edges, keys used for what they are not. */
#include "token/jwt.h"
#include "token/token.h"
#include "token/token_fixture.h"

#include <openssl/hmac.h>
#include <openssl/x509.h>

/* The order of P-256 (FIPS 186-4 D.1.2.3). */
#define ORDER "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"

/* "<header>.<claims>" of a good token for the key. */
static const char *signing_text(struct arena *arena, const struct token_key *one)
{
	const char *good = token_good(arena, one);
	return arena_strndup(arena, good, (size_t)(strrchr(good, '.') - good));
}

static const char *with_signature(struct arena *arena, const char *signing, const void *signature, size_t length)
{
	return arena_printf(arena, "%s.%s", signing, base64url_encode(arena, signature, length));
}

/* The raw signature of a good token: r and s. */
static const char *good_signature(struct arena *arena, unsigned char raw[static 64])
{
	const char *good = token_good(arena, &key), *dot = strrchr(good, '.');
	size_t length;
	const unsigned char *bytes = base64url_decode(arena, dot + 1, strlen(dot + 1), &length);
	assert_int_equal(length, 64);
	memcpy(raw, bytes, 64);
	return arena_strndup(arena, good, (size_t)(dot - good));
}

/* r and s of 0 are what broken verifiers take from anybody (CVE-2022-21449); neither may reach the order. */
TEST(refuses_values_out_of_range)
{
	static const char *const edges[] = {"00", "01", ORDER,
					    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"};
	const char *signing = signing_text(&ctx->arena, &key);
	unsigned char raw[64];
	for (size_t i = 0; i < ARRAY_SIZE(edges) * ARRAY_SIZE(edges); i++) {
		BIGNUM *r = NULL, *s = NULL;
		assert_true(BN_hex2bn(&r, edges[i / ARRAY_SIZE(edges)]) > 0);
		assert_true(BN_hex2bn(&s, edges[i % ARRAY_SIZE(edges)]) > 0);
		assert_int_equal(BN_bn2binpad(r, raw, 32), 32);
		assert_int_equal(BN_bn2binpad(s, raw + 32, 32), 32);
		BN_free(r);
		BN_free(s);
		assert_refused(ctx, verifier, with_signature(&ctx->arena, signing, raw, sizeof(raw)), "signature");
	}
}

/* The same numbers written otherwise: as DER, longer, shorter, swapped. */
TEST(refuses_other_encodings)
{
	struct arena *arena = &ctx->arena;
	unsigned char raw[64], other[160] = {0}, *at = other;
	const char *signing = good_signature(arena, raw);
	ECDSA_SIG *signature = ECDSA_SIG_new();
	assert_non_null(verify(ctx, verifier, with_signature(arena, signing, raw, sizeof(raw))));
	assert_int_equal(ECDSA_SIG_set0(signature, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL)), 1);
	int der_length = i2d_ECDSA_SIG(signature, &at);
	ECDSA_SIG_free(signature);
	assert_true(der_length > 64);
	assert_refused(ctx, verifier, with_signature(arena, signing, other, (size_t)der_length), "signature");
	memset(other, 0, sizeof(other));
	memcpy(other + 1, raw, 32);
	memcpy(other + 34, raw + 32, 32);
	assert_refused(ctx, verifier, with_signature(arena, signing, other, 66), "signature"); /* leading zeros */
	memset(other, 0, sizeof(other));
	memcpy(other, raw, 64);
	assert_refused(ctx, verifier, with_signature(arena, signing, other, 65), "signature");
	assert_refused(ctx, verifier, with_signature(arena, signing, other, 128), "signature");
	assert_refused(ctx, verifier, with_signature(arena, signing, raw, 63), "signature");
	assert_refused(ctx, verifier, with_signature(arena, signing, raw, 32), "signature");
	assert_refused(ctx, verifier, with_signature(arena, signing, raw, 0), "signature");
	memcpy(other, raw + 32, 32);
	memcpy(other + 32, raw, 32);
	assert_refused(ctx, verifier, with_signature(arena, signing, other, 64), "signature");
}

/* Of every signature (r, s) there is a twin (r, n - s), which anybody can make. It says the same, and what voids one
 * token voids the other. */
TEST(a_twin_is_no_other_token)
{
	struct arena *arena = &ctx->arena;
	unsigned char raw[64];
	const char *signing = good_signature(arena, raw);
	BIGNUM *order = NULL, *s = BN_bin2bn(raw + 32, 32, NULL);
	assert_true(BN_hex2bn(&order, ORDER) > 0);
	assert_int_equal(BN_sub(s, order, s), 1);
	assert_int_equal(BN_bn2binpad(s, raw + 32, 32), 32);
	BN_free(s);
	BN_free(order);
	const char *twin = with_signature(arena, signing, raw, sizeof(raw));
	const struct identity *identity = verify(ctx, verifier, twin);
	assert_non_null(identity);
	assert_string_equal(identity->id, TOKEN_USER);
	token_revocation_add_session(TOKEN_SESSION, clock_wall());
	assert_null(verify(ctx, verifier, twin));
	assert_string_equal(ctx->error.reason, "revoked");
}

/* --- HMAC with what everybody knows --- */

static void assert_hmac_refused(struct context *ctx, struct token_verifier *verifier, const char *algorithm,
				const void *secret, size_t length)
{
	struct arena *arena = &ctx->arena;
	const char *header = arena_printf(arena, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"}", algorithm);
	const char *claims = token_claims(arena, 0, "");
	const char *signing = arena_printf(arena, "%s.%s", base64url_encode(arena, header, strlen(header)),
					   base64url_encode(arena, claims, strlen(claims)));
	unsigned tag_length = 0;
	const EVP_MD *digest = strcmp(algorithm, "HS512") == 0 ? EVP_sha512() : EVP_sha256();
	unsigned char tag[EVP_MAX_MD_SIZE];
	assert_non_null(
	    HMAC(digest, secret, (int)length, (const unsigned char *)signing, strlen(signing), tag, &tag_length));
	assert_refused(ctx, verifier, with_signature(arena, signing, tag, tag_length), "algorithm");
}

TEST(refuses_hmac_with_any_form_of_the_public_key)
{
	struct arena *arena = &ctx->arena;
	static const char *const algorithms[] = {"HS256", "HS512", "hs256", "HMAC"};
	unsigned char *der = NULL;
	int der_length = i2d_PUBKEY(key.key, &der);
	const char *jwk = arena_printf(arena, "{%s}", token_jwk(arena, &key)), *jwks = token_jwks(arena, &key, 1);
	const char *x = token_number(arena, &key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
	assert_true(der_length > 0);
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		assert_hmac_refused(ctx, verifier, algorithms[i], der, (size_t)der_length);
		assert_hmac_refused(ctx, verifier, algorithms[i], jwk, strlen(jwk));
		assert_hmac_refused(ctx, verifier, algorithms[i], jwks, strlen(jwks));
		assert_hmac_refused(ctx, verifier, algorithms[i], x, strlen(x));
		assert_hmac_refused(ctx, verifier, algorithms[i], key.kid, strlen(key.kid));
		assert_hmac_refused(ctx, verifier, algorithms[i], "", 0);
	}
	OPENSSL_free(der);
}

/* --- RSA --- */

static const char *rsa_token(struct arena *arena, const EVP_MD *digest, int padding)
{
	unsigned char signature[512];
	size_t length = sizeof(signature);
	const char *signing = signing_text(arena, &rsa_key);
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	EVP_PKEY_CTX *settings;
	assert_int_equal(EVP_DigestSignInit(state, &settings, digest, NULL, rsa_key.key), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(settings, padding), 1);
	assert_int_equal(EVP_DigestSign(state, signature, &length, (const unsigned char *)signing, strlen(signing)), 1);
	EVP_MD_CTX_free(state);
	return with_signature(arena, signing, signature, length);
}

TEST(refuses_other_schemes_of_rsa)
{
	struct arena *arena = &ctx->arena;
	assert_non_null(verify(ctx, verifier, rsa_token(arena, EVP_sha256(), RSA_PKCS1_PADDING)));
	assert_refused(ctx, verifier, rsa_token(arena, EVP_sha256(), RSA_PKCS1_PSS_PADDING), "signature");
	assert_refused(ctx, verifier, rsa_token(arena, EVP_sha384(), RSA_PKCS1_PADDING), "signature");
	assert_refused(ctx, verifier, rsa_token(arena, EVP_sha1(), RSA_PKCS1_PADDING), "signature");
}

TEST(refuses_other_lengths_of_rsa)
{
	struct arena *arena = &ctx->arena;
	unsigned char bytes[600] = {0};
	const char *signing = signing_text(arena, &rsa_key);
	assert_refused(ctx, verifier, with_signature(arena, signing, bytes, 256), "signature");
	assert_refused(ctx, verifier, with_signature(arena, signing, bytes, 0), "signature");
	assert_refused(ctx, verifier, with_signature(arena, signing, bytes, 600), "signature");
	memset(bytes, 0xFF, sizeof(bytes)); /* larger than the modulus */
	assert_refused(ctx, verifier, with_signature(arena, signing, bytes, 256), "signature");
	const char *good = rsa_token(arena, EVP_sha256(), RSA_PKCS1_PADDING), *dot = strrchr(good, '.');
	size_t length;
	const unsigned char *signature = base64url_decode(arena, dot + 1, strlen(dot + 1), &length);
	bytes[0] = 0;
	memcpy(bytes + 1, signature, length);
	assert_refused(ctx, verifier,
		       with_signature(arena, arena_strndup(arena, good, (size_t)(dot - good)), bytes, length + 1),
		       "signature");
}

/* --- one kid, two keys --- */

static const char *same_kid_token(struct arena *arena, const struct token_key *signer, const char *algorithm)
{
	return token_make(arena, signer,
			  arena_printf(arena, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"same\"}", algorithm),
			  token_claims(arena, 0, ""));
}

/* Of two keys with one kid the first counts, for its own algorithm alone: no token chooses between them. */
TEST(keeps_the_keys_of_algorithms_apart)
{
	struct arena *arena = &ctx->arena;
	struct token_key both[] = {key, rsa_key};
	(void)snprintf(both[0].kid, sizeof(both[0].kid), "same");
	(void)snprintf(both[1].kid, sizeof(both[1].kid), "same");
	const char *jwks = token_jwks(arena, both, 2);
	assert_int_equal(token_verifier_set_keys(verifier, ctx, jwks, strlen(jwks)), 0);
	assert_non_null(verify(ctx, verifier, same_kid_token(arena, &key, "ES256")));
	assert_refused(ctx, verifier, same_kid_token(arena, &rsa_key, "ES256"), "signature");
	assert_refused(ctx, verifier, same_kid_token(arena, &rsa_key, "RS256"), "unknown_key");
	assert_refused(ctx, verifier, same_kid_token(arena, &key, "RS256"), "unknown_key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_values_out_of_range),
	    cmocka_unit_test(refuses_other_encodings),
	    cmocka_unit_test(a_twin_is_no_other_token),
	    cmocka_unit_test(refuses_hmac_with_any_form_of_the_public_key),
	    cmocka_unit_test(refuses_other_schemes_of_rsa),
	    cmocka_unit_test(refuses_other_lengths_of_rsa),
	    cmocka_unit_test(keeps_the_keys_of_algorithms_apart),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
