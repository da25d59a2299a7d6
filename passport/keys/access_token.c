#include "keys/access_token.h"

#include "base/clock.h"
#include "base/ids.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "keys/jws.h"
#include "keys/key.h"
#include "passport.h"

int64_t access_token_lifetime(const struct daemon_worker *worker)
{
	return config_integer(worker->config, "token_lifetime") / CLOCK_SECOND;
}

/* Everything the token says, as one JSON text. */
static const char *grants(struct daemon_worker *worker, struct context *ctx, const char *claims, int64_t seconds)
{
	const struct passport *passport = worker->app;
	const struct config *config = worker->config;
	long long now = (long long)(clock_wall() / CLOCK_SECOND);
	char id[UUID_SIZE];
	uuid_make(id);
	return arena_printf(&ctx->arena, "{\"iss\":%s,\"aud\":\"%s\",\"iat\":%lld,\"exp\":%lld,\"jti\":\"%s\",%s}",
			    key_ring_issuer(passport->keys), config_text(config, "token_audience"), now,
			    now + (long long)seconds, id, claims);
}

const char *access_token_make_for(struct daemon_worker *worker, struct context *ctx, const char *claims,
				  int64_t seconds)
{
	const struct passport *passport = worker->app;
	return jws_sign(ctx, key_ring_signing(passport->keys), grants(worker, ctx, claims, seconds));
}

const char *access_token_make(struct daemon_worker *worker, struct context *ctx, const char *claims)
{
	return access_token_make_for(worker, ctx, claims, access_token_lifetime(worker));
}

const char *access_token_make_service(struct daemon_worker *worker, struct context *ctx, const char *service)
{
	return access_token_make(
	    worker, ctx,
	    arena_printf(&ctx->arena, "\"sub\":\"%s\",\"client_id\":\"%s\",\"roles\":[\"service\"]", service, service));
}

const char *access_token_make_own(struct daemon_worker *worker, struct context *ctx, int64_t *ret_lifetime)
{
	*ret_lifetime = access_token_lifetime(worker) * CLOCK_SECOND;
	return access_token_make_service(worker, ctx, worker->spec->name);
}
