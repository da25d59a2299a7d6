#include "io/http_peers.h"

#include "base/fatal.h"
#include "base/hash_map.h"
#include "base/ip_address.h"
#include "base/metrics.h"
#include "io/http_internal.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 8 /* idle connections that turn out not to be, before the newcomer is refused */ };

/* What is counted of one address; lives while it has a connection. */
struct http_address {
	struct in6_addr network;
	struct http_seats idle;
	size_t connections, held;
};

static struct metric *shed_metric(const char *reason)
{
	struct metric_family *family =
	    metric_register(METRIC_COUNTER, "eventloop_http_shed_total",
			    "Connections ended or refused to keep room for others, by reason.", "reason");
	return metric_series(family, (const char *const[]){reason});
}

/* --- the budget --- */

static bool beyond(const struct http_server *server)
{
	const struct http_peers *peers = &server->peers;
	return server->options.budget != 0 && peers->held - peers->lost > server->options.budget;
}

/* Behind a trusted proxy, whose address is everybody's, each connection counts for itself. */
static size_t weight_of(const struct http_seat *seat)
{
	return seat->address != NULL ? seat->address->held : seat->held;
}

static struct http_seat *greediest(const struct http_server *server)
{
	struct http_seat *found = NULL;
	for (struct http_seat *seat = TAILQ_FIRST(&server->peers.holders); seat != NULL;
	     seat = TAILQ_NEXT(seat, holder)) {
		size_t weight = weight_of(seat), most = found != NULL ? weight_of(found) : 0;
		if (found == NULL || weight > most || (weight == most && seat->held > found->held))
			found = seat;
	}
	return found;
}

bool http_peers_is_greediest(struct http_server *server, const struct http_seat *seat)
{
	return beyond(server) && greediest(server) == seat;
}

static void on_shedding(int fd, short what, void *argument)
{
	(void)fd, (void)what;
	struct http_server *server = argument;
	struct http_seat *seat;
	while (beyond(server) && (seat = greediest(server)) != NULL) {
		metric_add(server->peers.shed, 1);
		server->engine->shed(seat->connection);
	}
}

static void count_held(struct http_server *server, struct http_seat *seat, size_t bytes)
{
	if (seat == NULL || seat->connection == NULL || bytes == 0)
		return;
	if (seat->address != NULL)
		seat->address->held += bytes;
	if (seat->held == 0)
		TAILQ_INSERT_TAIL(&server->peers.holders, seat, holder);
	seat->held += bytes;
	if (seat->held == 0)
		TAILQ_REMOVE(&server->peers.holders, seat, holder);
}

void http_peers_hold(struct http_server *server, struct http_seat *seat, size_t *held, size_t bytes)
{
	if (bytes == *held)
		return;
	/* Differences of sizes wrap around, and back. */
	size_t more = bytes - *held;
	bool grown = bytes > *held;
	*held = bytes;
	server->peers.held += more;
	count_held(server, seat, more);
	if (grown && beyond(server))
		event_active(server->peers.shedding, EV_TIMEOUT, 0);
}

void http_peers_forget(struct http_server *server, struct http_seat *seat, size_t bytes)
{
	count_held(server, seat, 0 - bytes);
}

/* --- seats --- */

void http_peers_open(struct http_server *server)
{
	struct http_peers *peers = &server->peers;
	TAILQ_INIT(&peers->idle);
	TAILQ_INIT(&peers->holders);
	peers->addresses = hash_map_new(SIZE_MAX / 2, NULL);
	peers->shedding = event_new(server->base, -1, 0, on_shedding, server);
	if (peers->shedding == NULL)
		fatal("no memory for an HTTP server");
	peers->shed = shed_metric("budget");
	peers->slow = shed_metric("slow");
	peers->evicted_own = shed_metric("address_idle");
	peers->evicted = shed_metric("idle");
	peers->refused_own = shed_metric("address_full");
	peers->refused = shed_metric("full");
}

void http_peers_close(struct http_server *server)
{
	event_free(server->peers.shedding);
	hash_map_free(server->peers.addresses);
}

static bool read_network(const char *peer, struct in6_addr *ret)
{
	struct in6_addr address;
	if (!ip_address_read(peer, &address))
		return false;
	*ret = ip_address_network(&address);
	return true;
}

/* Ends the oldest idle connection; one that has just been sent something is left to be read. */
static bool evict(struct http_server *server, struct http_seats *idle, struct metric *metric)
{
	struct http_seat *seat;
	for (int i = 0; i < TRIES && (seat = TAILQ_FIRST(idle)) != NULL; i++) {
		if (!server->engine->evict(seat->connection))
			continue;
		metric_add(metric, 1);
		return true;
	}
	return false;
}

static struct http_address *find_address(const struct http_server *server, const char *peer)
{
	struct in6_addr network;
	if (!read_network(peer, &network))
		return NULL;
	return hash_map_get(server->peers.addresses, &network, sizeof(network));
}

bool http_peers_make_room(struct http_server *server, const char *peer, size_t count)
{
	struct http_peers *peers = &server->peers;
	struct http_address *address = find_address(server, peer);
	size_t most = server->options.max_connections_per_address;
	if (address != NULL && most != 0 && address->connections >= most) {
		/* The last one that goes takes the count with it. */
		if (evict(server, &address->idle, peers->evicted_own))
			return true;
		metric_add(peers->refused_own, 1);
		return false;
	}
	if (count < server->options.max_connections || evict(server, &peers->idle, peers->evicted))
		return true;
	metric_add(peers->refused, 1);
	return false;
}

static struct http_address *take_address(struct http_server *server, const char *peer)
{
	struct in6_addr network;
	if (server->exempt != NULL && server->exempt(peer, server->exempt_argument))
		return NULL;
	if (!read_network(peer, &network))
		return NULL;
	struct http_address *address = hash_map_get(server->peers.addresses, &network, sizeof(network));
	if (address == NULL) {
		address = must_calloc(1, sizeof(*address));
		address->network = network;
		TAILQ_INIT(&address->idle);
		if (!hash_map_put(server->peers.addresses, &network, sizeof(network), address))
			fatal("more addresses than connections");
	}
	address->connections++;
	return address;
}

void http_peers_seat(struct http_server *server, struct http_seat *seat, void *connection, const char *peer)
{
	seat->connection = connection;
	seat->address = take_address(server, peer);
	http_peers_idle(server, seat);
}

void http_peers_idle(struct http_server *server, struct http_seat *seat)
{
	if (seat->idle || seat->connection == NULL)
		return;
	seat->idle = true;
	TAILQ_INSERT_TAIL(&server->peers.idle, seat, of_all);
	if (seat->address != NULL)
		TAILQ_INSERT_TAIL(&seat->address->idle, seat, of_address);
}

void http_peers_busy(struct http_server *server, struct http_seat *seat)
{
	if (!seat->idle)
		return;
	seat->idle = false;
	TAILQ_REMOVE(&server->peers.idle, seat, of_all);
	if (seat->address != NULL)
		TAILQ_REMOVE(&seat->address->idle, seat, of_address);
}

void http_peers_leave(struct http_server *server, struct http_seat *seat)
{
	struct http_address *address = seat->address;
	if (seat->connection == NULL)
		return;
	http_peers_busy(server, seat);
	count_held(server, seat, 0 - seat->held);
	seat->connection = NULL;
	seat->address = NULL;
	if (address == NULL || --address->connections > 0)
		return;
	(void)hash_map_remove(server->peers.addresses, &address->network, sizeof(address->network));
	free(address);
}
