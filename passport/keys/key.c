#include "keys/key.h"

#include "base/buffer.h"
#include "base/fatal.h"
#include "base/ids.h"
#include "daemon/daemon.h"
#include "keys/issuer.h"
#include "keys/jws.h"
#include "keys/sealing.h"
#include "keys/stage.h"
#include "postgres/postgres.h"
#include "token/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define JWKS_LIMIT 65536

struct key_ring {
	struct pg *db;
	const struct master_key *master;
	struct token_verifier *verifier;
	struct issuer_policy issuers;
	struct arena arena; /* of the loaded keys: replaced as a whole */
	struct jws_key signing;
	const char *issuer, *jwks;
};

/* A key that has left its time behind is not shown, even if nobody has removed it yet. */
static const char SELECT_KEYS[] =
    "SELECT kid, algorithm, public_jwk::text, CASE state WHEN 'signing' THEN encode(private_sealed, 'hex') END, state "
    "FROM signing_key WHERE leaves_at IS NULL OR leaves_at > now() ORDER BY created_at, kid";

static int take_signing(struct context *ctx, struct key_ring *ring, struct arena *arena, const struct pg_result *keys,
			size_t row, struct jws_key *ret)
{
	size_t length = 0, sealed_length = pg_length(keys, row, 3) / 2;
	unsigned char *sealed = arena_alloc(&ctx->arena, sealed_length);
	char *pem = hex_decode(pg_text(keys, row, 3), sealed, sealed_length)
			? unseal(ctx, ring->master, KEY_PRIVATE_LABEL, sealed, sealed_length, &length)
			: NULL;
	if (!pem)
		return -1;
	*ret = (struct jws_key){
	    .kid = arena_strdup(arena, pg_text(keys, row, 0)),
	    .algorithm = arena_strdup(arena, pg_text(keys, row, 1)),
	    .key = jws_parse_key(pem),
	};
	OPENSSL_cleanse(pem, length);
	return ret->key ? 0 : context_fail_internal(ctx, "a signing key cannot be read");
}

static void replace(struct key_ring *ring, struct arena *arena, const struct jws_key *signing, const char *issuer,
		    const char *jwks)
{
	EVP_PKEY_free(ring->signing.key);
	arena_done(&ring->arena);
	ring->arena = *arena;
	ring->signing = *signing;
	ring->issuer = issuer;
	ring->jwks = jwks;
}

int key_ring_reload(struct context *ctx, struct key_ring *ring)
{
	struct pg_result *keys = pg_read(ctx, ring->db, SELECT_KEYS);
	if (!keys)
		return -1;
	struct arena arena = {0};
	struct jws_key signing = {0};
	struct buffer jwks;
	buffer_init_arena(&jwks, &arena, JWKS_LIMIT);
	buffer_append_text(&jwks, "{\"keys\":[");
	for (size_t row = 0; row < pg_count(keys); row++) {
		buffer_append_text(&jwks, row > 0 ? "," : "");
		buffer_append_text(&jwks, pg_text(keys, row, 2));
		if (strcmp(pg_text(keys, row, 4), "signing") == 0 &&
		    take_signing(ctx, ring, &arena, keys, row, &signing))
			goto failed;
	}
	buffer_append_text(&jwks, "],\"issuers\":");
	const char *issuer = issuer_load(ctx, ring->db, &ring->issuers, &jwks);
	if (!issuer)
		goto failed;
	buffer_append_text(&jwks, "}");
	if (!signing.kid || buffer_failed(&jwks)) {
		context_fail_internal(ctx, "no signing key, or too many keys");
		goto failed;
	}
	if (token_verifier_set_keys(ring->verifier, ctx, buffer_text(&jwks), jwks.length))
		goto failed;
	issuer = arena_strdup(&arena, issuer);
	replace(ring, &arena, &signing, issuer, buffer_text(&jwks));
	return 0;
failed:
	EVP_PKEY_free(signing.key);
	arena_done(&arena);
	return -1;
}

struct key_ring *key_ring_new(struct context *ctx, struct daemon_worker *worker, const struct master_key *master)
{
	struct key_ring *ring = must_calloc(1, sizeof(*ring));
	ring->db = worker->db;
	ring->master = master;
	ring->verifier = worker->verifier;
	issuer_policy_read(worker->config, &ring->issuers);
	if (key_stage_begin(ctx, ring->db, master, config_text(worker->config, "token_algorithm")) ||
	    key_ring_reload(ctx, ring)) {
		key_ring_free(ring);
		return NULL;
	}
	return ring;
}

void key_ring_free(struct key_ring *ring)
{
	if (!ring)
		return;
	EVP_PKEY_free(ring->signing.key);
	arena_done(&ring->arena);
	free(ring);
}

const struct jws_key *key_ring_signing(const struct key_ring *ring)
{
	return &ring->signing;
}

const char *key_ring_issuer(const struct key_ring *ring)
{
	return ring->issuer;
}

const char *key_ring_jwks(const struct key_ring *ring)
{
	return ring->jwks;
}
