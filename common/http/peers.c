#include "http/peers.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "base/hash_map.h"
#include "base/ip_address.h"
#include "http/engine.h"
#include "telemetry/metrics.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

enum {
	TRIES = 8,	  /* idle connections that have just got input, before the new one is refused */
	SITE_WIDER = 4,	  /* connections of a site for each that an address may have */
	STEP = 32 * 1024, /* bytes that show that a client is at work */
};

#define TIMEOUT CLOCK_SECOND

/* What is counted of one address, or of one site; lives while it has a connection. */
struct http_address {
	struct hash_map *among;
	struct in6_addr network;
	struct http_address *site; /* NULL: an address of IPv4, whose site it is itself; or a site */
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

/* Clients behind a trusted proxy share its address, so each such connection counts for itself. */
static size_t weight_of(const struct http_seat *seat)
{
	const struct http_address *address = seat->address;
	if (!address)
		return seat->held;
	return address->site ? address->site->held : address->held;
}

static struct http_seat *greediest(const struct http_server *server)
{
	struct http_seat *found = NULL;
	for (struct http_seat *seat = TAILQ_FIRST(&server->peers.holders); seat; seat = TAILQ_NEXT(seat, holder)) {
		size_t weight = weight_of(seat), most = found ? weight_of(found) : 0;
		if (!found || weight > most || (weight == most && seat->held > found->held))
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
	while (beyond(server) && (seat = greediest(server))) {
		metric_add(server->peers.shed, 1);
		server->engine->shed(seat->connection);
	}
}

static void count_held(struct http_server *server, struct http_seat *seat, size_t bytes)
{
	if (!seat || !seat->connection || bytes == 0)
		return;
	for (struct http_address *address = seat->address; address; address = address->site)
		address->held += bytes;
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
	TAILQ_INIT(&peers->standing);
	TAILQ_INIT(&peers->holders);
	peers->addresses = hash_map_new(SIZE_MAX / 2, NULL);
	peers->sites = hash_map_new(SIZE_MAX / 2, NULL);
	peers->shedding = event_new(server->base, -1, 0, on_shedding, server);
	if (!peers->shedding)
		fatal("no memory for an HTTP server");
	peers->shed = shed_metric("budget");
	peers->slow = shed_metric("slow");
	peers->evicted_own = shed_metric("address_idle");
	peers->evicted = shed_metric("idle");
	peers->stood_still = shed_metric("standing");
	peers->refused_own = shed_metric("address_full");
	peers->evicted_site = shed_metric("site_idle");
	peers->refused_site = shed_metric("site_full");
	peers->refused = shed_metric("full");
}

void http_peers_close(struct http_server *server)
{
	event_free(server->peers.shedding);
	hash_map_free(server->peers.addresses);
	hash_map_free(server->peers.sites);
}

/* Ends the oldest idle connection; one that has just received something is kept. */
static bool evict(struct http_server *server, struct http_seats *idle, struct metric *metric)
{
	struct http_seat *seat;
	for (int i = 0; i < TRIES && (seat = TAILQ_FIRST(idle)); i++) {
		if (!server->engine->evict(seat->connection))
			continue;
		metric_add(metric, 1);
		return true;
	}
	return false;
}

/* Sheds the connection that has stood still longest, if one has for long enough. */
static bool end_standing(struct http_server *server)
{
	struct http_seat *seat = TAILQ_FIRST(&server->peers.standing);
	if (!seat || clock_monotonic() - seat->waits_since < TIMEOUT)
		return false;
	http_peers_busy(server, seat);
	metric_add(server->peers.stood_still, 1);
	server->engine->shed(seat->connection);
	return true;
}

/* Whether one more of the address, or site, fits, for which its own oldest idle one may go. address: NULL when it has
 * none yet. *ret_made: one went, the last of which takes the count with it. */
static bool has_room(struct http_server *server, struct http_address *address, size_t most, bool *ret_made,
		     struct metric *evicted, struct metric *refused)
{
	*ret_made = false;
	if (!address || most == 0 || address->connections < most)
		return true;
	*ret_made = evict(server, &address->idle, evicted);
	if (!*ret_made)
		metric_add(refused, 1);
	return *ret_made;
}

bool http_peers_make_room(struct http_server *server, const char *peer, size_t count)
{
	struct http_peers *peers = &server->peers;
	size_t most = server->options.max_connections_per_address;
	bool made = false;
	struct in6_addr address, network;
	if (ip_address_read(peer, &address)) {
		network = ip_address_network(&address);
		if (!has_room(server, hash_map_get(peers->addresses, &network, sizeof(network)), most, &made,
			      peers->evicted_own, peers->refused_own))
			return false;
		network = ip_address_site(&address);
		if (!made && !IN6_IS_ADDR_V4MAPPED(&address) &&
		    !has_room(server, hash_map_get(peers->sites, &network, sizeof(network)), most * SITE_WIDER, &made,
			      peers->evicted_site, peers->refused_site))
			return false;
	}
	if (made || count < server->options.max_connections || evict(server, &peers->idle, peers->evicted) ||
	    end_standing(server))
		return true;
	metric_add(peers->refused, 1);
	return false;
}

static struct http_address *take_one(struct hash_map *among, const struct in6_addr *network, struct http_address *site)
{
	struct http_address *address = hash_map_get(among, network, sizeof(*network));
	if (!address) {
		address = must_calloc(1, sizeof(*address));
		*address = (struct http_address){.among = among, .network = *network, .site = site};
		TAILQ_INIT(&address->idle);
		if (!hash_map_put(among, network, sizeof(*network), address))
			fatal("more addresses than connections");
	}
	address->connections++;
	return address;
}

static struct http_address *take_address(struct http_server *server, const char *peer)
{
	struct http_address *site = NULL;
	if (server->exempt && server->exempt(peer, server->exempt_argument))
		return NULL;
	struct in6_addr address, network;
	if (!ip_address_read(peer, &address))
		return NULL;
	if (!IN6_IS_ADDR_V4MAPPED(&address)) {
		network = ip_address_site(&address);
		site = take_one(server->peers.sites, &network, NULL);
	}
	network = ip_address_network(&address);
	return take_one(server->peers.addresses, &network, site);
}

static void drop_address(struct http_address *address)
{
	while (address) {
		struct http_address *site = address->site;
		if (--address->connections == 0) {
			(void)hash_map_remove(address->among, &address->network, sizeof(address->network));
			free(address);
		}
		address = site;
	}
}

void http_peers_seat(struct http_server *server, struct http_seat *seat, void *connection, const char *peer)
{
	seat->connection = connection;
	seat->address = take_address(server, peer);
	http_peers_idle(server, seat);
}

static void wait_over(struct http_server *server, struct http_seat *seat)
{
	if (seat->waits_since != 0)
		TAILQ_REMOVE(&server->peers.standing, seat, standing);
	seat->waits_since = 0;
}

void http_peers_wait(struct http_server *server, struct http_seat *seat)
{
	if (!seat->connection || seat->waits_since != 0)
		return;
	seat->waits_since = clock_monotonic();
	seat->moved = 0;
	TAILQ_INSERT_TAIL(&server->peers.standing, seat, standing);
}

void http_peers_moved(struct http_server *server, struct http_seat *seat, size_t bytes)
{
	seat->moved += bytes;
	if (seat->waits_since == 0 || seat->moved < STEP)
		return;
	wait_over(server, seat);
	http_peers_wait(server, seat);
}

void http_peers_idle(struct http_server *server, struct http_seat *seat)
{
	if (seat->idle || !seat->connection)
		return;
	wait_over(server, seat);
	seat->idle = true;
	TAILQ_INSERT_TAIL(&server->peers.idle, seat, of_all);
	if (!seat->address)
		return;
	TAILQ_INSERT_TAIL(&seat->address->idle, seat, of_address);
	if (seat->address->site)
		TAILQ_INSERT_TAIL(&seat->address->site->idle, seat, of_site);
}

void http_peers_busy(struct http_server *server, struct http_seat *seat)
{
	wait_over(server, seat);
	if (!seat->idle)
		return;
	seat->idle = false;
	TAILQ_REMOVE(&server->peers.idle, seat, of_all);
	if (!seat->address)
		return;
	TAILQ_REMOVE(&seat->address->idle, seat, of_address);
	if (seat->address->site)
		TAILQ_REMOVE(&seat->address->site->idle, seat, of_site);
}

void http_peers_leave(struct http_server *server, struct http_seat *seat)
{
	struct http_address *address = seat->address;
	if (!seat->connection)
		return;
	http_peers_busy(server, seat);
	count_held(server, seat, 0 - seat->held);
	seat->connection = NULL;
	seat->address = NULL;
	drop_address(address);
}
