#include "token/keys.h"

#include "base/fatal.h"
#include "co/co.h"
#include "co/sync.h"
#include "http/client.h"
#include "telemetry/log.h"

#include <stdlib.h>
#include <string.h>

#define FETCH_TIMEOUT (5 * CLOCK_SECOND)
#define RETRY_FIRST CLOCK_SECOND
#define RETRY_MAX (30 * CLOCK_SECOND)
/* For callers that only show the set: how long they wait, and the pause after a failed fetch while there is no set
 * yet. */
#define SHOW_WAIT (500 * CLOCK_MILLISECOND)
#define SHOW_RETRY (100 * CLOCK_MILLISECOND)

struct token_keys {
	struct jwks *set; /* NULL: none yet */
	struct token_keys_options options;
	char *url;
	struct co *fetcher;	/* NULL without url */
	struct co_queue wanted; /* those who wait for the fetch to end */
	char *last_text;	/* of the set, to see that nothing changed */
	int64_t requested;	/* monotonic: when the last fetch for an unknown kid began */
	int64_t fetched;	/* monotonic: when the last one ended */
	int64_t retry;		/* how long to wait after the next failure */
	uint64_t fetches;
	bool fetching, idle; /* idle: parked until the next fetch */
	bool closed;	     /* token_keys_free was called: the last user frees */
	bool awaited;	     /* token_keys_free waits in a coroutine and frees by itself */
};

static void destroy(struct token_keys *keys)
{
	jwks_free(keys->set);
	free(keys->last_text);
	free(keys->url);
	free(keys);
}

static int install(struct token_keys *keys, struct context *ctx, const char *text, size_t length)
{
	struct jwks *fresh, *old = keys->set;
	if (keys->last_text && strlen(keys->last_text) == length && memcmp(keys->last_text, text, length) == 0)
		return 0;
	fresh = jwks_parse(ctx, text, length);
	if (!fresh)
		return -1;
	keys->set = fresh;
	if (!jwks_includes(fresh, old))
		keys->options.changed(keys->options.argument);
	jwks_free(old);
	free(keys->last_text);
	keys->last_text = must_malloc(length + 1);
	memcpy(keys->last_text, text, length);
	keys->last_text[length] = '\0';
	return 0;
}

int token_keys_set(struct token_keys *keys, struct context *ctx, const char *jwks, size_t length)
{
	return install(keys, ctx, jwks, length);
}

/* One fetch; 0 when its answer was taken. */
static int fetch(struct token_keys *keys, struct context *ctx)
{
	const struct http_outgoing request = {.url = keys->url, .max_answer = JWKS_SIZE_MAX};
	struct http_answer answer;
	if (http_fetch(ctx, keys->options.http, &request, &answer) != 0)
		return -1;
	if (keys->closed)
		return 0;
	if (answer.status != 200) {
		(void)context_fail(ctx, ERROR_UNAVAILABLE, "keys", NULL);
		error_set_cause(&ctx->error, "the key set was answered with HTTP status %d", answer.status);
		return -1;
	}
	return install(keys, ctx, answer.body, answer.body_length);
}

/* Fetches, wakes those who wait, and says how long to wait until the next time. */
static int64_t refresh(struct token_keys *keys)
{
	int64_t pause = keys->options.lifetime;
	struct context ctx;
	context_init(&ctx, deadline_after(FETCH_TIMEOUT));
	keys->fetching = true;
	keys->fetches++;
	if (fetch(keys, &ctx) == 0) {
		keys->retry = RETRY_FIRST;
	} else if (!keys->closed) {
		log_error_of(LOG_WARNING, &ctx, "cannot fetch the keys of access tokens");
		pause = keys->retry;
		keys->retry = pause * 2 < RETRY_MAX ? pause * 2 : RETRY_MAX;
	}
	keys->fetching = false;
	keys->fetched = clock_monotonic();
	context_done(&ctx);
	co_queue_wake_all(&keys->wanted);
	return pause;
}

static void keep_fresh(void *argument)
{
	struct token_keys *keys = argument;
	while (!keys->closed && !co_cancelled()) {
		int64_t pause = refresh(keys);
		if (keys->closed)
			break;
		keys->idle = true;
		if (co_park("next fetch of keys", deadline_after(pause)) == CO_CANCELLED)
			break;
		keys->idle = false;
	}
	keys->fetcher = NULL;
	keys->idle = false;
	if (keys->awaited)
		co_queue_wake_all(&keys->wanted); /* who waits frees */
	else if (keys->closed)
		destroy(keys);
}

struct token_keys *token_keys_new(const struct token_keys_options *options)
{
	struct token_keys *keys = must_calloc(1, sizeof(*keys));
	keys->options = *options;
	if (!options->lifetime)
		keys->options.lifetime = TOKEN_KEYS_LIFETIME;
	if (!options->min_interval)
		keys->options.min_interval = TOKEN_KEYS_MIN_INTERVAL;
	keys->retry = RETRY_FIRST;
	keys->requested = INT64_MIN / 2;
	if (!options->url)
		return keys;
	keys->url = must_strdup(options->url);
	keys->fetching = true; /* whoever comes before the first answer waits for it */
	keys->fetcher = co_spawn("token keys", keep_fresh, keys);
	if (keys->fetcher)
		return keys;
	destroy(keys);
	return NULL;
}

void token_keys_free(struct token_keys *keys)
{
	if (!keys)
		return;
	keys->closed = true;
	if (keys->fetcher) {
		co_cancel(keys->fetcher);
		keys->awaited = co_self() != NULL;
		while (keys->awaited && keys->fetcher)
			keys->awaited = co_queue_wait(&keys->wanted, "end of a fetch", DEADLINE_NEVER) == CO_OK;
	}
	if (!keys->fetcher)
		destroy(keys);
}

static void begin_fetch(struct token_keys *keys)
{
	keys->fetching = true;
	keys->idle = false;
	co_wake(keys->fetcher);
}

/* Has a fetch begin unless one is under way. False when it would be too soon after the last one. */
static bool request_fetch(struct token_keys *keys)
{
	int64_t now = clock_monotonic();
	if (keys->fetching)
		return true;
	if (!keys->fetcher || !keys->idle || now - keys->requested < keys->options.min_interval)
		return false;
	keys->requested = now;
	begin_fetch(keys);
	return true;
}

/* Has one begin for those who show the set to others. False when it is fresh, or the last fetch failed: then the next
 * comes by itself. */
static bool request_fresh(struct token_keys *keys)
{
	if (keys->fetching)
		return true;
	int64_t age = clock_monotonic() - keys->fetched;
	bool due = keys->set ? keys->retry == RETRY_FIRST && age >= TOKEN_KEYS_FRESH : age >= SHOW_RETRY;
	if (!keys->idle || !due)
		return false;
	begin_fetch(keys);
	return true;
}

static int unknown(struct context *ctx, const struct token_keys *keys)
{
	if (!keys->set)
		return context_fail(ctx, ERROR_UNAVAILABLE, "keys", "the keys of access tokens are not available yet");
	return context_fail(ctx, ERROR_UNAUTHENTICATED, "unknown_key", "the access token is signed by an unknown key");
}

EVP_PKEY *token_keys_get(struct context *ctx, struct token_keys *keys, const char *kid, enum jwt_algorithm algorithm)
{
	EVP_PKEY *key;
	if (!jwks_has(keys->set, kid) && request_fetch(keys) &&
	    co_check(ctx, co_queue_wait(&keys->wanted, "keys of access tokens", ctx->deadline)) != 0)
		return NULL;
	key = jwks_find(keys->set, kid, algorithm);
	if (!key)
		(void)unknown(ctx, keys);
	return key;
}

const char *token_keys_issuer(const struct token_keys *keys, const char *issuer)
{
	return jwks_issuer(keys->set, issuer);
}

const char *token_keys_text(struct context *ctx, struct token_keys *keys, size_t *ret_length)
{
	int64_t until = deadline_earlier(ctx->deadline, deadline_after(SHOW_WAIT));
	/* If the fetch is not done in time, the present set is shown. */
	while (request_fresh(keys) && co_queue_wait(&keys->wanted, "keys of access tokens", until) == CO_OK)
		continue;
	*ret_length = keys->last_text ? strlen(keys->last_text) : 0;
	return keys->last_text;
}

uint64_t token_keys_fetches(const struct token_keys *keys)
{
	return keys->fetches;
}
