#include "token/jwt.h"

#include "base/base64url.h"
#include "json/tree.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#define DER_MAX 80 /* of an ECDSA signature on P-256: at most 72 */

/* Headers that name a key by themselves or change how the rest is to be read. */
static const char *const refused_headers[] = {"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"};

static int malformed(struct context *ctx, const char *what)
{
	return context_fail(ctx, ERROR_UNAUTHENTICATED, "malformed", "the access token is malformed: %s", what);
}

bool jwt_algorithm_from(const char *name, enum jwt_algorithm *ret)
{
	if (strcmp(name, "ES256") == 0)
		*ret = JWT_ES256;
	else if (strcmp(name, "RS256") == 0)
		*ret = JWT_RS256;
	else
		return false;
	return true;
}

static void release(void *tree)
{
	(void)json_object_put(tree);
}

/* The object in a part of the token; freed with the context. */
static struct json_object *parse_object(struct context *ctx, const char *text, size_t length)
{
	struct json_object *tree = NULL;
	struct json_error error;
	if (!json_tree_parse(text, length, JWT_DEPTH_MAX, 0, &ctx->arena, &tree, &error))
		return NULL;
	context_defer(ctx, release, tree);
	return json_object_is_type(tree, json_type_object) ? tree : NULL;
}

static const char *string_member(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_object_get(object, name);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

/* RFC 9068 section 2.1: "at+jwt", or with its "application/" prefix; media types have no case. */
static bool type_accepted(const char *type)
{
	return type && (strcasecmp(type, "at+jwt") == 0 || strcasecmp(type, "application/at+jwt") == 0);
}

static int check_header(struct context *ctx, struct json_object *header, struct jwt_token *ret)
{
	const char *algorithm = string_member(header, "alg"), *kid = string_member(header, "kid");
	for (size_t i = 0; i < ARRAY_SIZE(refused_headers); i++) {
		if (json_object_object_get_ex(header, refused_headers[i], NULL))
			return malformed(ctx, "it has a header that is not accepted");
	}
	if (!algorithm || !jwt_algorithm_from(algorithm, &ret->algorithm))
		return context_fail(ctx, ERROR_UNAUTHENTICATED, "algorithm", "the access token's alg is not accepted");
	if (!type_accepted(string_member(header, "typ")))
		return context_fail(ctx, ERROR_UNAUTHENTICATED, "type", "the token is not an access token (typ)");
	if (!kid || !*kid || strlen(kid) > JWT_KID_MAX)
		return malformed(ctx, "it names no key (kid)");
	ret->kid = arena_strdup(&ctx->arena, kid);
	return 0;
}

/* The places of the two dots; false unless there are exactly two. */
static bool find_dots(const char *token, size_t length, const char **ret_first, const char **ret_second)
{
	const char *end = token + length;
	*ret_first = memchr(token, '.', length);
	if (!*ret_first)
		return false;
	*ret_second = memchr(*ret_first + 1, '.', (size_t)(end - *ret_first - 1));
	return *ret_second && !memchr(*ret_second + 1, '.', (size_t)(end - *ret_second - 1));
}

int jwt_parse(struct context *ctx, const char *token, size_t length, struct jwt_token *ret)
{
	const char *first, *second;
	if (!find_dots(token, length, &first, &second))
		return malformed(ctx, "it is not a compact JWS");
	size_t header_length;
	const char *text = base64url_decode(&ctx->arena, token, (size_t)(first - token), &header_length);
	ret->claims = base64url_decode(&ctx->arena, first + 1, (size_t)(second - first - 1), &ret->claims_length);
	ret->signature =
	    base64url_decode(&ctx->arena, second + 1, (size_t)(token + length - second - 1), &ret->signature_length);
	if (!text || !ret->claims || !ret->signature)
		return malformed(ctx, "a part of it is not base64url");
	ret->signing = token;
	ret->signing_length = (size_t)(second - token);
	struct json_object *header = parse_object(ctx, text, header_length);
	return header ? check_header(ctx, header, ret) : malformed(ctx, "its header is not a JSON object");
}

/* r and s of fixed width become the DER that OpenSSL wants. Returns the number of bytes, 0 on failure. */
static size_t der_signature(const unsigned char *raw, size_t length, unsigned char der[static DER_MAX])
{
	ECDSA_SIG *signature = NULL;
	BIGNUM *r = NULL, *s = NULL;
	int size = 0;
	if (length != JWT_ES256_BYTES)
		return 0;
	signature = ECDSA_SIG_new();
	r = BN_bin2bn(raw, JWT_ES256_BYTES / 2, NULL);
	s = BN_bin2bn(raw + JWT_ES256_BYTES / 2, JWT_ES256_BYTES / 2, NULL);
	if (signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1) {
		r = NULL;
		s = NULL; /* the signature's now */
		size = i2d_ECDSA_SIG(signature, NULL);
		if (size > 0 && size <= DER_MAX)
			size = i2d_ECDSA_SIG(signature, &(unsigned char *){der});
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(signature);
	return size > 0 && size <= DER_MAX ? (size_t)size : 0;
}

/* With EVP_DigestVerify RSA means PKCS #1 v1.5, as RS256 does. */
static bool digest_verify(EVP_PKEY *key, const void *bytes, size_t length, const unsigned char *signature,
			  size_t signature_length)
{
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	bool valid = state && EVP_DigestVerifyInit(state, NULL, EVP_sha256(), NULL, key) == 1 &&
		     EVP_DigestVerify(state, signature, signature_length, bytes, length) == 1;
	EVP_MD_CTX_free(state);
	ERR_clear_error(); /* the thread's queue is shared: leave nothing for others to find */
	return valid;
}

bool jwt_signature_valid(enum jwt_algorithm algorithm, EVP_PKEY *key, const void *bytes, size_t length,
			 const unsigned char *signature, size_t signature_length)
{
	if (!EVP_PKEY_is_a(key, algorithm == JWT_ES256 ? "EC" : "RSA"))
		return false;
	unsigned char der[DER_MAX];
	if (algorithm == JWT_ES256) {
		signature_length = der_signature(signature, signature_length, der);
		if (signature_length == 0)
			return false;
		signature = der;
	}
	return digest_verify(key, bytes, length, signature, signature_length);
}

struct json_object *jwt_verify(struct context *ctx, const struct jwt_token *jwt, EVP_PKEY *key)
{
	if (!jwt_signature_valid(jwt->algorithm, key, jwt->signing, jwt->signing_length, jwt->signature,
				 jwt->signature_length)) {
		(void)context_fail(ctx, ERROR_UNAUTHENTICATED, "signature", "the access token's signature is wrong");
		return NULL;
	}
	struct json_object *claims;
	claims = parse_object(ctx, jwt->claims, jwt->claims_length);
	if (!claims)
		(void)malformed(ctx, "its claims are not a JSON object");
	return claims;
}
