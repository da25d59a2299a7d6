#include "pictures/transfers.h"

#include "base/fatal.h"
#include "base/hash_map.h"
#include "base/ip_address.h"
#include "co/co.h"
#include "telemetry/log.h"
#include "telemetry/log_pause.h"
#include "telemetry/metrics.h"

#include <stdlib.h>
#include <sys/queue.h>

enum {
	SHARE = 4,	   /* of the places, for one address: a part in so many */
	SITE_SHARE = 2,	   /* the same for one site */
	WAITING_MOST = 64, /* of an address */
	STEP = 32 * 1024,  /* bytes that show that a client is at work */
};

#define TIMEOUT CLOCK_SECOND

/* Who has places: an address, a site, or all; the first two live while they have a place or wait for one. */
struct holder {
	struct holder *within; /* of an address its site, of a site all, of all NULL */
	struct hash_map *among;
	struct in6_addr network;
	size_t users, taken, share;
};

struct transfer_place {
	struct transfers *transfers;
	struct holder *address;
	struct co *co;
	TAILQ_ENTRY(transfer_place) link; /* among those that wait, or those that are taken */
	bool taken, ended;
	int64_t waits_since; /* for its client, monotonic; 0: it does not */
	int64_t waited;	     /* microseconds, since STEP bytes came or went */
	size_t moved;	     /* bytes of the next STEP */
};

TAILQ_HEAD(transfer_places, transfer_place);

struct transfers {
	struct holder all;
	struct hash_map *addresses, *sites;
	struct transfer_places waiting, taken;
	size_t leaving; /* ended, but not gone yet */
	const char *direction;
	struct metric *ended;
	struct log_pause pause;
};

static size_t part_of(size_t places, size_t parts)
{
	return places / parts > 0 ? places / parts : 1;
}

struct transfers *transfers_new(size_t places, const char *direction)
{
	struct transfers *transfers = must_calloc(1, sizeof(*transfers));
	transfers->all.share = places;
	transfers->addresses = hash_map_new(SIZE_MAX / 2, NULL);
	transfers->sites = hash_map_new(SIZE_MAX / 2, NULL);
	TAILQ_INIT(&transfers->waiting);
	TAILQ_INIT(&transfers->taken);
	transfers->direction = direction;
	transfers->ended = metric_series(
	    metric_register(METRIC_COUNTER, "eventloop_gateway_transfers_ended_total",
			    "Pictures whose client stood still and that were ended since others waited.", "direction"),
	    (const char *const[]){direction});
	return transfers;
}

void transfers_free(struct transfers *transfers)
{
	if (!transfers)
		return;
	if (hash_map_count(transfers->addresses) > 0)
		fatal("pictures pass through while the gateway ends");
	hash_map_free(transfers->addresses);
	hash_map_free(transfers->sites);
	free(transfers);
}

/* --- who has places --- */

static struct holder *take_holder(struct hash_map *among, const struct in6_addr *network, struct holder *within,
				  size_t share)
{
	struct holder *holder = hash_map_get(among, network, sizeof(*network));
	if (!holder) {
		holder = must_calloc(1, sizeof(*holder));
		*holder = (struct holder){.within = within, .among = among, .network = *network, .share = share};
		if (!hash_map_put(among, network, sizeof(*network), holder))
			fatal("more addresses than requests");
	}
	holder->users++;
	return holder;
}

static struct holder *take_address(struct transfers *transfers, const char *text)
{
	struct in6_addr parsed, network = {0}, site = {0};
	size_t places = transfers->all.share;
	if (ip_address_read(text, &parsed)) {
		network = ip_address_network(&parsed);
		site = ip_address_site(&parsed);
	}
	return take_holder(transfers->addresses, &network,
			   take_holder(transfers->sites, &site, &transfers->all, part_of(places, SITE_SHARE)),
			   part_of(places, SHARE));
}

static void drop_holder(struct holder *holder)
{
	while (holder->within) {
		struct holder *within = holder->within;
		if (--holder->users == 0) {
			(void)hash_map_remove(holder->among, &holder->network, sizeof(holder->network));
			free(holder);
		}
		holder = within;
	}
}

/* The narrowest that has its share already; NULL: there is room. */
static const struct holder *full_of(const struct transfer_place *place)
{
	const struct holder *holder = place->address;
	while (holder && holder->taken < holder->share)
		holder = holder->within;
	return holder;
}

/* --- taking and leaving --- */

static void take(struct transfer_place *place)
{
	for (struct holder *holder = place->address; holder; holder = holder->within)
		holder->taken++;
	TAILQ_INSERT_TAIL(&place->transfers->taken, place, link);
	place->taken = true;
}

/* Gives what is free to those who have waited longest. */
static void serve(struct transfers *transfers)
{
	struct transfer_place *next;
	for (struct transfer_place *place = TAILQ_FIRST(&transfers->waiting);
	     place && transfers->all.taken < transfers->all.share; place = next) {
		next = TAILQ_NEXT(place, link);
		if (full_of(place))
			continue;
		TAILQ_REMOVE(&transfers->waiting, place, link);
		take(place);
		co_wake(place->co);
	}
}

static void leave(void *argument)
{
	struct transfer_place *place = argument;
	struct transfers *transfers = place->transfers;
	TAILQ_REMOVE(&transfers->taken, place, link);
	for (struct holder *holder = place->address; holder; holder = holder->within)
		holder->taken--;
	transfers->leaving -= place->ended;
	drop_holder(place->address);
	serve(transfers);
}

/* --- those that stand still --- */

static int64_t stood_still(const struct transfer_place *place, int64_t now)
{
	return place->waits_since == 0 ? 0 : place->waited + now - place->waits_since;
}

static bool is_within(const struct holder *holder, const struct holder *other)
{
	while (holder && holder != other)
		holder = holder->within;
	return holder;
}

/* Whether it is to go rather than the other. */
static bool goes_before(const struct transfer_place *place, const struct transfer_place *other, int64_t now)
{
	size_t of_site = place->address->within->taken, others = other->address->within->taken;
	if (of_site != others)
		return of_site > others;
	return stood_still(place, now) > stood_still(other, now);
}

static struct transfer_place *longest_still(const struct transfers *transfers, const struct holder *full)
{
	int64_t now = clock_monotonic();
	struct transfer_place *found = NULL;
	for (struct transfer_place *place = TAILQ_FIRST(&transfers->taken); place; place = TAILQ_NEXT(place, link)) {
		if (place->ended || stood_still(place, now) < TIMEOUT || !is_within(place->address, full))
			continue;
		if (!found || goes_before(place, found, now))
			found = place;
	}
	return found;
}

/* Whether the transfers that are ending free enough slots for all waiters up to this one. */
static bool is_provided_for(const struct transfer_place *waiter)
{
	size_t before = 0;
	const struct transfers *transfers = waiter->transfers;
	for (const struct transfer_place *place = waiter; place && before <= transfers->leaving;
	     place = TAILQ_PREV(place, transfer_places, link))
		before += full_of(place) != place->address;
	return before <= transfers->leaving;
}

/* Ends a transfer to make room for the waiter, if one stands still. */
static void make_room(const struct transfer_place *waiter)
{
	struct transfers *transfers = waiter->transfers;
	const struct holder *full = full_of(waiter);
	if (full == waiter->address || is_provided_for(waiter))
		return;
	struct transfer_place *place = longest_still(transfers, full);
	if (!place)
		return;
	place->ended = true;
	transfers->leaving++;
	co_cancel(place->co);
	metric_add(transfers->ended, 1);
	int64_t count = log_pause_count(&transfers->pause);
	if (count > 0)
		log_event(LOG_INFO, NULL, "pictures that stood still were ended",
			  LOG_STRING("for", transfers->direction), LOG_NUMBER("count", count));
}

void transfer_waits(struct transfer_place *place)
{
	place->waits_since = clock_monotonic();
}

void transfer_goes_on(struct transfer_place *place, size_t bytes)
{
	place->waited += clock_monotonic() - place->waits_since;
	place->waits_since = 0;
	place->moved += bytes;
	if (place->moved < STEP)
		return;
	place->moved = 0;
	place->waited = 0;
}

bool transfer_ended(const struct transfer_place *place)
{
	return place->ended;
}

/* --- entering --- */

/* Waits in the queue for its turn. */
static void await_turn(struct transfer_place *place, int64_t deadline)
{
	enum co_result result = CO_OK;
	int64_t next_look = deadline_after(TIMEOUT);
	TAILQ_INSERT_TAIL(&place->transfers->waiting, place, link);
	while (!place->taken && result != CO_CANCELLED && deadline_left(deadline) > 0) {
		result = co_park("place for a picture", deadline_earlier(deadline, next_look));
		/* cppcheck-suppress knownConditionTrueFalse ; serve() gives the place while this waits */
		if (place->taken || result != CO_TIMEOUT || deadline_left(deadline) == 0)
			continue;
		make_room(place);
		next_look = deadline_after(TIMEOUT);
	}
	if (!place->taken)
		TAILQ_REMOVE(&place->transfers->waiting, place, link);
}

struct transfer_place *transfers_enter(struct context *ctx, struct transfers *transfers, const char *address)
{
	struct transfer_place *place = arena_zalloc(&ctx->arena, sizeof(*place));
	place->transfers = transfers;
	place->co = co_self();
	place->address = take_address(transfers, address);
	if (!full_of(place))
		take(place);
	else if (place->address->users <= place->address->share + WAITING_MOST)
		await_turn(place, ctx->deadline);
	if (place->taken) {
		context_defer(ctx, leave, place);
		return place;
	}
	drop_holder(place->address);
	context_fail(ctx, ERROR_OVERLOADED, NULL, "too many pictures at once");
	return NULL;
}
