#include "start.h"

#include "base/log.h"
#include "co/co.h"
#include "housekeeping.h"
#include "mail_worker.h"
#include "passport.h"
#include "service_account.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define RELOAD_INTERVAL (60 * CLOCK_SECOND)
#define RELOAD_DEADLINE (5 * CLOCK_SECOND)

static void serve_jwks(struct http_exchange *exchange, void *argument)
{
	const struct passport *passport = argument;
	const char *jwks = key_ring_jwks(passport->keys);
	http_reply_header(exchange, "Cache-Control", "public, max-age=60");
	http_reply(exchange, 200, "application/jwk-set+json", jwks, strlen(jwks));
}

/* Another replica may have rotated the keys. Runs until the daemon stops. */
static void reload_keys(void *argument)
{
	struct passport *passport = argument;
	while (co_sleep_until(deadline_after(RELOAD_INTERVAL)) == CO_TIMEOUT) {
		struct context ctx;
		context_init(&ctx, deadline_after(RELOAD_DEADLINE));
		if (key_ring_reload(&ctx, passport->keys))
			log_error_of(LOG_WARNING, &ctx, "signing keys not reloaded");
		context_done(&ctx);
	}
	passport->reloader = NULL;
}

int passport_start(struct daemon_worker *worker, struct context *ctx)
{
	const struct config *config = worker->config;
	struct passport *passport = calloc(1, sizeof(*passport));
	if (!passport)
		abort();
	worker->app = passport;
	if (service_accounts_check(ctx, config_text(config, "service_secrets")) ||
	    master_key_parse(ctx, config_text(config, "master_key"), &passport->master))
		return -1;
	passport->keys =
	    key_ring_new(ctx, worker->db, &passport->master, worker->verifier, config_text(config, "token_algorithm"));
	if (!passport->keys)
		return -1;
	passport->reloader = co_spawn("signing key reload", reload_keys, passport);
	if (worker->http)
		http_server_route(worker->http, "GET", "/.well-known/jwks.json", 0, serve_jwks, passport);
	if (worker->http && worker->index == 0 && !(passport->mail = mail_worker_new(ctx, worker)))
		return -1;
	if (worker->http && worker->index == 0 && !(passport->housekeeping = housekeeping_new(worker)))
		return context_fail_internal(ctx, "no coroutine left at start");
	return passport->reloader ? 0 : context_fail_internal(ctx, "no coroutine left at start");
}

void passport_stop(struct daemon_worker *worker)
{
	struct passport *passport = worker->app;
	if (!passport)
		return;
	mail_worker_free(passport->mail);
	housekeeping_free(passport->housekeeping);
	if (passport->reloader)
		co_cancel(passport->reloader);
	while (passport->reloader)
		co_yield ();
	key_ring_free(passport->keys);
	OPENSSL_cleanse(&passport->master, sizeof(passport->master));
	free(passport);
	worker->app = NULL;
}
