#include "client/internal.h"

#include "base/fatal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_TO_REST 5
#define REST (1000 * CLOCK_MILLISECOND)
#define RETRY_AFTER_MS 500
/* How long after a lost connection calls wait for the daemon: it is most likely restarting, which takes
 * milliseconds. */
#define RESTART (1000 * CLOCK_MILLISECOND)
/* A deadline shorter than this says nothing about the peer. */
#define SILENCE (1000 * CLOCK_MILLISECOND)

/* --- making --- */

/* "host:port" or "[address]:port". */
static struct link_client *connect_address(char *text, const char *daemon, const struct rpc_client_options *options)
{
	char *colon = strrchr(text, ':');
	if (!colon)
		return NULL;
	*colon = '\0';
	char *end;
	long port = strtol(colon + 1, &end, 10);
	size_t length = strlen(text);
	if (*end != '\0' || port < 1 || port > UINT16_MAX || length == 0)
		return NULL;
	if (text[0] == '[' && text[length - 1] == ']') {
		text[length - 1] = '\0';
		text++;
	}
	return link_client_new(&(struct link_client_options){.host = text,
							     .port = (uint16_t)port,
							     .connections = options->connections,
							     .self = options->self,
							     .server = daemon,
							     .secrets = options->link});
}

static void add_peer(struct client_peer *peer, const struct rpc_peer *source, const struct rpc_client_options *options)
{
	char *list = must_strdup(source->addresses), *rest = list, *text;
	*peer = (struct client_peer){0};
	peer->daemon = must_strdup(source->daemon);
	while ((text = strsep(&rest, ", "))) {
		struct link_client *link = connect_address(text, peer->daemon, options);
		if (!link)
			continue;
		peer->addresses = must_realloc(peer->addresses, (peer->count + 1) * sizeof(*peer->addresses));
		peer->addresses[peer->count++] = (struct client_address){.link = link};
	}
	free(list);
}

struct rpc_client *rpc_client_new(const struct rpc_client_options *options)
{
	struct rpc_client *client = must_calloc(1, sizeof(*client));
	client->self = must_strdup(options->self);
	client->make_token = options->make_token;
	client->argument = options->argument;
	client->secret = must_strdup(options->secret ? options->secret : "");
	for (const struct rpc_peer *peer = options->peers; peer && peer->daemon; peer++) {
		client->peers = must_realloc(client->peers, (client->peer_count + 1) * sizeof(*client->peers));
		add_peer(&client->peers[client->peer_count++], peer, options);
	}
	return client;
}

static void free_memory(struct rpc_client *client)
{
	for (size_t i = 0; i < client->peer_count; i++) {
		free(client->peers[i].daemon);
		free(client->peers[i].addresses);
	}
	free(client->peers);
	free(client->self);
	explicit_bzero(client->secret, strlen(client->secret));
	free(client->secret);
	free(client->token.text);
	free(client);
}

void rpc_client_free(struct rpc_client *client)
{
	if (!client)
		return;
	client->closed = true;
	for (size_t i = 0; i < client->peer_count; i++) {
		struct client_peer *peer = &client->peers[i];
		for (size_t j = 0; j < peer->count; j++)
			link_client_free(peer->addresses[j].link);
		peer->count = 0;
	}
	co_queue_wake_all(&client->token.waiting);
	if (client->users == 0)
		free_memory(client);
}

void client_enter(struct rpc_client *client)
{
	client->users++;
}

void client_leave(struct rpc_client *client)
{
	if (--client->users == 0 && client->closed)
		free_memory(client);
}

/* --- choosing --- */

static struct client_peer *find(const struct rpc_client *client, const char *name, size_t length)
{
	const char *dot = memchr(name, '.', length);
	if (dot)
		length = (size_t)(dot - name);
	for (size_t i = 0; i < client->peer_count; i++) {
		struct client_peer *peer = &client->peers[i];
		if (strlen(peer->daemon) == length && memcmp(peer->daemon, name, length) == 0)
			return peer;
	}
	return NULL;
}

struct client_peer *client_find_peer(struct context *ctx, struct rpc_client *client, const char *name, size_t length)
{
	struct client_peer *peer = find(client, name, length);
	if (!peer)
		(void)context_fail(ctx, ERROR_UNAVAILABLE, "not_configured", "nobody is known to serve %.*s",
				   (int)length, name);
	return peer;
}

/* The preference of an address: connected, connecting, unusable. */
static int rank(const struct client_address *address, int64_t now)
{
	if (now < address->rests_until)
		return 0;
	return (int)link_client_state(address->link);
}

/* The best address in turn, but not `tried` while there is another. NULL when none can be used. */
static struct client_address *choose(struct client_peer *peer, const struct client_address *tried)
{
	int64_t now = clock_monotonic();
	struct client_address *best = NULL;
	int best_rank = 0;
	for (size_t i = 0; i < peer->count; i++) {
		struct client_address *address = &peer->addresses[(peer->next + i) % peer->count];
		int value = 2 * rank(address, now) - (address == tried);
		if (value > best_rank) {
			best = address;
			best_rank = value;
		}
	}
	peer->next++;
	return best;
}

bool rpc_client_peer_up(const struct rpc_client *client, const char *daemon)
{
	const struct client_peer *peer = find(client, daemon, strlen(daemon));
	for (size_t i = 0; peer && i < peer->count; i++) {
		if (link_client_state(peer->addresses[i].link) != LINK_DOWN)
			return true;
	}
	return false;
}

/* The address that was lost last, if that was just now and it is not back; NULL when there is none. One that keeps
 * failing is not waited for. */
static struct client_address *just_lost(struct client_peer *peer)
{
	struct client_address *found = NULL;
	int64_t now = clock_monotonic();
	for (size_t i = 0; i < peer->count; i++) {
		struct client_address *address = &peer->addresses[i];
		int64_t lost = link_client_lost(address->link);
		if (lost > 0 && now < lost + RESTART && now >= address->rests_until &&
		    link_client_state(address->link) == LINK_DOWN && (!found || lost > link_client_lost(found->link)))
			found = address;
	}
	return found;
}

/* The same as choose, but waits for a daemon that is being restarted. */
static struct client_address *await_address(const struct context *ctx, struct client_peer *peer,
					    const struct client_address *tried)
{
	struct client_address *address = choose(peer, tried), *lost;
	enum co_result result = CO_OK;
	while (!address && result == CO_OK && (lost = just_lost(peer))) {
		int64_t until = deadline_earlier(link_client_lost(lost->link) + RESTART, ctx->deadline);
		result = link_client_await(lost->link, until);
		address = choose(peer, NULL);
	}
	return address;
}

/* --- sending --- */

/* A lost connection fails many calls, but counts as one failure. */
static bool is_new_loss(struct client_address *address)
{
	int64_t lost = link_client_lost(address->link);
	if (lost == address->lost)
		return false;
	address->lost = lost;
	return true;
}

static void note_failure(struct client_address *address)
{
	if (++address->failures < FAILURES_TO_REST)
		return;
	/* After the breaker's pause one more failure opens it again. */
	address->failures = FAILURES_TO_REST - 1;
	address->rests_until = deadline_after(REST);
}

static bool transport_fault(const struct error *error)
{
	return error->code == ERROR_UNAVAILABLE &&
	       (strcmp(error->reason, "not_sent") == 0 || strcmp(error->reason, "connection_lost") == 0);
}

/* Takes down what a failed attempt says about its address. */
static void judge(struct client_peer *peer, size_t index, const struct error *error, int64_t started)
{
	if (index >= peer->count)
		return; /* the client was freed meanwhile */
	struct client_address *address = &peer->addresses[index];
	bool silent = error->code == ERROR_DEADLINE_EXCEEDED && address->answered < started &&
		      clock_monotonic() - started >= SILENCE;
	if (silent || (transport_fault(error) && is_new_loss(address)))
		note_failure(address);
}

static void fail_unreachable(struct context *ctx, const struct client_peer *peer, const char *reason)
{
	bool seen = strcmp(reason, "connection_lost") == 0;
	error_clear(&ctx->error);
	(void)context_fail(ctx, ERROR_UNAVAILABLE, reason,
			   seen ? "the connection to %s was lost" : "%s cannot be reached", peer->daemon);
	ctx->error.retry_after_ms = RETRY_AFTER_MS;
}

/* True when the attempt that failed may be followed by another one. */
static bool may_try_again(const struct error *error, bool idempotent, size_t attempt, const struct client_peer *peer)
{
	if (!transport_fault(error) || attempt > peer->count)
		return false;
	if (strcmp(error->reason, "not_sent") == 0)
		return true;
	return idempotent && attempt == 1;
}

const char *client_send(struct context *ctx, struct client_peer *peer, const struct link_request *request,
			bool idempotent, size_t *ret_length)
{
	struct client_address *address = NULL;
	for (size_t attempt = 1;; attempt++) {
		address = await_address(ctx, peer, address);
		if (!address) {
			fail_unreachable(ctx, peer, "not_sent");
			return NULL;
		}
		int64_t started = clock_monotonic();
		size_t index = (size_t)(address - peer->addresses);
		const char *text = link_call(ctx, address->link, request, ret_length);
		if (text) {
			if (index < peer->count) {
				address->failures = 0;
				address->answered = clock_monotonic();
			}
			return text;
		}
		judge(peer, index, &ctx->error, started);
		if (!may_try_again(&ctx->error, idempotent, attempt, peer))
			break;
		error_clear(&ctx->error);
	}
	if (transport_fault(&ctx->error))
		fail_unreachable(ctx, peer,
				 strcmp(ctx->error.reason, "not_sent") == 0 ? "not_sent" : "connection_lost");
	return NULL;
}
