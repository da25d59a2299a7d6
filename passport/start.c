#include "start.h"

#include "base/fatal.h"
#include "housekeeping.h"
#include "keys/keeper.h"
#include "keys/key.h"
#include "keys/sealing.h"
#include "letters/mail_worker.h"
#include "passport.h"
#include "programs/service_account.h"
#include "sessions/revocation_feed.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static void serve_jwks(struct http_exchange *exchange, void *argument)
{
	struct passport *passport = argument;
	const char *jwks = key_ring_jwks(passport->keys);
	http_representation_reply(&passport->jwks, exchange, "application/jwk-set+json", "public, max-age=60", jwks,
				  strlen(jwks));
}

int passport_start(struct daemon_worker *worker, struct context *ctx)
{
	const struct config *config = worker->config;
	struct passport *passport = must_calloc(1, sizeof(*passport));
	worker->app = passport;
	passport->master = must_calloc(1, sizeof(*passport->master));
	if (service_accounts_check(ctx, config_text(config, "service_secrets")) ||
	    master_key_parse(ctx, config_text(config, "master_key"), config_text(config, "master_key_previous"),
			     passport->master))
		return -1;
	passport->keys = key_ring_new(ctx, worker, passport->master);
	if (!passport->keys)
		return -1;
	if (!worker->http)
		return 0;
	http_server_route(worker->http, "GET", "/.well-known/jwks.json", 0, serve_jwks, passport);
	if (!(passport->revocations = revocation_feed_new(worker, ctx)))
		return -1;
	if (worker->index == 0 && !(passport->mail = mail_worker_new(ctx, worker)))
		return -1;
	if (worker->index == 0 && !(passport->housekeeping = housekeeping_new(worker)))
		return context_fail_internal(ctx, "no coroutine left at start");
	passport->keeper = key_keeper_new(worker);
	return passport->keeper ? 0 : context_fail_internal(ctx, "no coroutine left at start");
}

void passport_drain(struct daemon_worker *worker)
{
	struct passport *passport = worker->app;
	if (passport)
		revocation_feed_drain(passport->revocations);
}

void passport_stop(struct daemon_worker *worker)
{
	struct passport *passport = worker->app;
	if (!passport)
		return;
	mail_worker_free(passport->mail);
	housekeeping_free(passport->housekeeping);
	key_keeper_free(passport->keeper);
	revocation_feed_free(passport->revocations);
	http_representation_done(&passport->jwks);
	key_ring_free(passport->keys);
	OPENSSL_cleanse(passport->master, sizeof(*passport->master));
	free(passport->master);
	free(passport);
	worker->app = NULL;
}
