#include "access_token.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/ids.h"
#include "daemon/daemon.h"
#include "passport.h"

#include <jwt.h>
#include <stdlib.h>
#include <string.h>

int64_t access_token_lifetime(const struct daemon_worker *worker)
{
	return config_integer(worker->config, "token_lifetime") / CLOCK_SECOND;
}

/* Everything the token says, as one JSON text. */
static const char *grants(struct daemon_worker *worker, struct context *ctx, const char *claims)
{
	const struct config *config = worker->config;
	long long now = (long long)(clock_wall() / CLOCK_SECOND);
	char id[UUID_SIZE];
	uuid_make(id);
	return arena_printf(&ctx->arena, "{\"iss\":\"%s\",\"aud\":\"%s\",\"iat\":%lld,\"exp\":%lld,\"jti\":\"%s\",%s}",
			    config_text(config, "token_issuer"), config_text(config, "token_audience"), now,
			    now + (long long)access_token_lifetime(worker), id, claims);
}

static int fill(jwt_t *token, const struct signing_key *key, const char *claims)
{
	jwt_alg_t algorithm = strcmp(key->algorithm, "RS256") == 0 ? JWT_ALG_RS256 : JWT_ALG_ES256;
	if (jwt_add_header(token, "typ", "at+jwt") || jwt_add_header(token, "kid", key->kid) ||
	    jwt_add_grants_json(token, claims))
		return -1;
	return jwt_set_alg(token, algorithm, (const unsigned char *)key->pem, (int)strlen(key->pem));
}

const char *access_token_make(struct daemon_worker *worker, struct context *ctx, const char *claims)
{
	const struct passport *passport = worker->app;
	const char *made = NULL;
	jwt_t *token = NULL;
	if (jwt_new(&token) == 0 && fill(token, key_ring_signing(passport->keys), grants(worker, ctx, claims)) == 0) {
		char *text = jwt_encode_str(token);
		made = text ? arena_strdup(&ctx->arena, text) : NULL;
		free(text);
	}
	jwt_free(token);
	if (!made)
		context_fail_internal(ctx, "the access token cannot be signed");
	return made;
}

const char *access_token_make_service(struct daemon_worker *worker, struct context *ctx, const char *service)
{
	return access_token_make(worker, ctx,
				 arena_printf(&ctx->arena, "\"sub\":\"%s\",\"client_id\":\"%s\",\"roles\":[\"service\"]", service,
					      service));
}

const char *access_token_make_own(struct daemon_worker *worker, struct context *ctx, int64_t *ret_lifetime)
{
	*ret_lifetime = access_token_lifetime(worker) * CLOCK_SECOND;
	return access_token_make_service(worker, ctx, worker->spec->name);
}
