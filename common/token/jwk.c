#include "token/jwk.h"

#include "base/base64url.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#define P256_BYTES 32
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192

const char *jwk_text(struct json_object *jwk, const char *name)
{
	struct json_object *value = json_object_object_get(jwk, name);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

/* A base64url member as bytes, in the arena; NULL when it is none. */
static const unsigned char *bytes_member(struct context *ctx, struct json_object *jwk, const char *name,
					 size_t *ret_length)
{
	const char *text = jwk_text(jwk, name);
	return text ? base64url_decode(&ctx->arena, text, strlen(text), ret_length) : NULL;
}

/* Makes a public key of the type from parameters; takes the builder over. */
static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *builder)
{
	OSSL_PARAM *parameters = builder ? OSSL_PARAM_BLD_to_param(builder) : NULL;
	EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;
	if (!parameters || !state || EVP_PKEY_fromdata_init(state) != 1 ||
	    EVP_PKEY_fromdata(state, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(state);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(builder);
	return key;
}

/* Refuses a point that is not on the curve, or of another order. */
static EVP_PKEY *checked(EVP_PKEY *key)
{
	EVP_PKEY_CTX *state = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	bool sound = state && EVP_PKEY_public_check(state) == 1;
	EVP_PKEY_CTX_free(state);
	if (sound)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static EVP_PKEY *ec_key(struct context *ctx, struct json_object *jwk)
{
	unsigned char point[1 + 2 * P256_BYTES] = {0x04}; /* uncompressed */
	size_t x_length = 0, y_length = 0;
	const unsigned char *x = bytes_member(ctx, jwk, "x", &x_length), *y = bytes_member(ctx, jwk, "y", &y_length);
	const char *curve = jwk_text(jwk, "crv");
	OSSL_PARAM_BLD *builder;
	if (!curve || strcmp(curve, "P-256") != 0 || !x || !y || x_length != P256_BYTES || y_length != P256_BYTES)
		return NULL;
	memcpy(point + 1, x, P256_BYTES);
	memcpy(point + 1 + P256_BYTES, y, P256_BYTES);
	builder = OSSL_PARAM_BLD_new();
	if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) != 1) {
		OSSL_PARAM_BLD_free(builder);
		return NULL;
	}
	return checked(make_key("EC", builder));
}

static EVP_PKEY *rsa_key_of(BIGNUM *n, BIGNUM *e)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	if (!builder || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1) {
		OSSL_PARAM_BLD_free(builder);
		return NULL;
	}
	return make_key("RSA", builder);
}

static EVP_PKEY *rsa_key(struct context *ctx, struct json_object *jwk)
{
	size_t n_length = 0, e_length = 0;
	const unsigned char *n = bytes_member(ctx, jwk, "n", &n_length), *e = bytes_member(ctx, jwk, "e", &e_length);
	EVP_PKEY *key = NULL;
	BIGNUM *modulus, *exponent;
	if (!n || !e || n_length > RSA_BITS_MAX / 8 || e_length > sizeof(uint64_t))
		return NULL;
	modulus = BN_bin2bn(n, (int)n_length, NULL);
	exponent = BN_bin2bn(e, (int)e_length, NULL);
	/* What EVP_PKEY_public_check adds is a test of primality, which takes milliseconds. */
	if (modulus && exponent && BN_num_bits(modulus) >= RSA_BITS_MIN && BN_is_odd(modulus) && BN_is_odd(exponent) &&
	    BN_num_bits(exponent) > 1)
		key = rsa_key_of(modulus, exponent);
	BN_free(modulus);
	BN_free(exponent);
	return key;
}

/* True when key_ops (absent: anything) has "verify". */
static bool operations_allow(struct json_object *jwk)
{
	struct json_object *operations;
	if (!json_object_object_get_ex(jwk, "key_ops", &operations))
		return true;
	if (!json_object_is_type(operations, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(operations); i++) {
		const char *one = json_object_get_string(json_object_array_get_idx(operations, i));
		if (one && strcmp(one, "verify") == 0)
			return true;
	}
	return false;
}

/* True when `use` and `alg` are absent or say what we do with the key. */
static bool purpose_fits(struct json_object *jwk, const char *algorithm)
{
	const char *use = jwk_text(jwk, "use"), *alg = jwk_text(jwk, "alg");
	bool use_fits = use ? strcmp(use, "sig") == 0 : !json_object_object_get_ex(jwk, "use", NULL);
	bool alg_fits = alg ? strcmp(alg, algorithm) == 0 : !json_object_object_get_ex(jwk, "alg", NULL);
	return use_fits && alg_fits && operations_allow(jwk);
}

EVP_PKEY *jwk_public_key(struct context *ctx, struct json_object *jwk, enum jwt_algorithm *ret_algorithm)
{
	const char *type = json_object_is_type(jwk, json_type_object) ? jwk_text(jwk, "kty") : NULL;
	EVP_PKEY *key = NULL;
	if (type && strcmp(type, "EC") == 0 && purpose_fits(jwk, "ES256")) {
		*ret_algorithm = JWT_ES256;
		key = ec_key(ctx, jwk);
	} else if (type && strcmp(type, "RSA") == 0 && purpose_fits(jwk, "RS256")) {
		*ret_algorithm = JWT_RS256;
		key = rsa_key(ctx, jwk);
	}
	ERR_clear_error();
	return key;
}
