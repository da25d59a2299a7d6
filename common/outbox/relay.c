/* The life of the relay: its lease, its coroutines, how it is woken. */
#include "base/fatal.h"
#include "co/co.h"
#include "co/loop.h"
#include "outbox/internal.h"
#include "telemetry/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define POLL_DEFAULT CLOCK_SECOND
#define BATCH_DEFAULT 200
#define ATTEMPTS_DEFAULT 12
#define DELIVERY_DEFAULT (10 * CLOCK_SECOND)
#define PASS_TIMEOUT (10 * CLOCK_SECOND)
#define KEEP_INTERVAL (60 * CLOCK_SECOND)
#define MEASURE_INTERVAL (5 * CLOCK_SECOND)
#define NOTIFY_INTERVAL (20 * CLOCK_MILLISECOND)
#define STOP_TIMEOUT (5 * CLOCK_SECOND)

/* The relay of this process, for commits on any of its threads. */
static struct {
	pthread_mutex_t lock;
	struct outbox_relay *relay;
	bool posted; /* a wake is on its way to the relay's loop */
} process = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void wake_subscribers(struct outbox_relay *relay)
{
	for (size_t i = 0; i < relay->subscriber_count; i++)
		outbox_lane_wake(&relay->subscribers[i].fresh);
}

static void wake_keeper(struct outbox_relay *relay)
{
	if (relay->keeper_idle)
		co_wake(relay->keeper);
	relay->keeper_idle = false;
}

/* Facts were committed here: deliver them, or tell the relay that does. */
static void wake_posted(void *unused)
{
	(void)unused;
	(void)pthread_mutex_lock(&process.lock);
	struct outbox_relay *relay;
	relay = process.relay;
	process.posted = false;
	(void)pthread_mutex_unlock(&process.lock);
	if (!relay || relay->loop != loop_current() || relay->stopping)
		return;
	if (relay->leading) {
		wake_subscribers(relay);
	} else if (relay->subscriber_count > 0) {
		relay->notify = true;
		wake_keeper(relay);
	}
}

void outbox_wake(void)
{
	(void)pthread_mutex_lock(&process.lock);
	if (process.relay && !process.posted) {
		process.posted = true;
		loop_post(process.relay->loop, wake_posted, NULL);
	}
	(void)pthread_mutex_unlock(&process.lock);
}

/* Another process committed facts. */
static void notified(const char *payload, void *argument)
{
	struct outbox_relay *relay = argument;
	(void)payload;
	if (relay->leading)
		wake_subscribers(relay);
}

/* Holds the lease; a relay that just got it starts from what the database says. */
static int lead(struct context *ctx, struct outbox_relay *relay)
{
	bool leading = false;
	if (outbox_lease_take(ctx, relay, &leading) != 0)
		return -1;
	if (leading && !relay->leading) {
		for (size_t i = 0; i < relay->subscriber_count; i++)
			relay->subscribers[i].positioned = false;
		if (outbox_repair(ctx, relay) != 0)
			return -1;
		relay->leading = true;
		wake_subscribers(relay);
	}
	relay->leading = leading;
	return 0;
}

/* How old the oldest fact is that somebody has not got yet. A relay that does not lead has nothing to show. */
static void show(const struct outbox_relay *relay)
{
	for (size_t i = 0; i < relay->subscriber_count; i++) {
		const struct outbox_subscriber *subscriber = &relay->subscribers[i];
		int64_t oldest = subscriber->oldest, again = subscriber->oldest_again;
		if (again > 0 && (oldest == 0 || again < oldest))
			oldest = again;
		metric_set(subscriber->lag, relay->leading && oldest > 0 ? clock_wall() - oldest : 0);
		if (relay->leading)
			continue;
		metric_set(subscriber->put_off, 0);
		metric_set(subscriber->dead_letters, 0);
	}
}

static int measure(struct context *ctx, struct outbox_relay *relay, int64_t now)
{
	if (relay->leading && now - relay->measured >= MEASURE_INTERVAL) {
		relay->measured = now;
		if (outbox_measure(ctx, relay) != 0)
			return -1;
	}
	show(relay);
	return 0;
}

static int keep(struct context *ctx, struct outbox_relay *relay)
{
	int64_t now = clock_monotonic();
	if (lead(ctx, relay) != 0) {
		relay->leading = false; /* without the database nobody knows */
		return -1;
	}
	if (relay->notify && !relay->leading) {
		relay->notify = false;
		relay->notified = now;
		outbox_notify(ctx, relay);
	}
	if (measure(ctx, relay, now) != 0)
		return -1;
	if (!relay->leading || now - relay->kept < KEEP_INTERVAL)
		return 0;
	relay->kept = now;
	return outbox_housekeeping(ctx, relay);
}

/* Until the next poll, or until there is something to tell; NOTIFY is sent at most once an interval. */
static void rest(struct outbox_relay *relay)
{
	int64_t pause = relay->poll_interval < CLOCK_SECOND ? relay->poll_interval : CLOCK_SECOND;
	relay->keeper_idle = !relay->notify;
	if (!relay->notify && co_park("lease of the outbox", deadline_after(pause)) == CO_CANCELLED)
		relay->stopping = true;
	relay->keeper_idle = false;
	if (relay->notify && !relay->stopping)
		(void)co_sleep_until(relay->notified + NOTIFY_INTERVAL);
}

static void keeper_run(void *argument)
{
	struct outbox_relay *relay = argument;
	bool failing = false;
	while (!relay->stopping) {
		struct context ctx;
		context_init(&ctx, deadline_after(PASS_TIMEOUT));
		bool failed = keep(&ctx, relay) != 0;
		if (failed && !failing && !relay->stopping)
			log_error_of(LOG_WARNING, &ctx, "the outbox cannot be tended");
		failing = failed;
		context_done(&ctx);
		if (!relay->stopping)
			rest(relay);
	}
	relay->keeper = NULL;
	relay->running--;
	co_queue_wake_all(&relay->ended);
}

static void subscriber_init(struct outbox_relay *relay, struct outbox_subscriber *subscriber, const char *name,
			    const struct outbox_own *own)
{
	struct metric_family *lag = metric_register(METRIC_GAUGE_SECONDS, "eventloop_outbox_lag_seconds",
						    "Age of the oldest fact not yet delivered.", "subscriber");
	struct metric_family *delivered =
	    metric_register(METRIC_COUNTER, "eventloop_outbox_delivered_total", "Facts delivered.", "subscriber");
	struct metric_family *refused =
	    metric_register(METRIC_COUNTER, "eventloop_outbox_refused_total", "Facts refused.", "subscriber");
	struct metric_family *put_off =
	    metric_register(METRIC_GAUGE, "eventloop_outbox_put_off",
			    "Facts that were refused or wait behind one that was.", "subscriber");
	struct metric_family *dead_letters =
	    metric_register(METRIC_GAUGE, "eventloop_outbox_dead_letters", "Facts that were given up.", "subscriber");
	*subscriber = (struct outbox_subscriber){
	    .relay = relay,
	    .name = name,
	    .own = own,
	    .retries = true,
	    .lag = metric_series(lag, &name),
	    .delivered = metric_series(delivered, &name),
	    .refused = metric_series(refused, &name),
	    .put_off = metric_series(put_off, &name),
	    .dead_letters = metric_series(dead_letters, &name),
	};
	outbox_subscriber_init(subscriber);
}

static void init(struct outbox_relay *relay, const struct outbox_relay_options *options)
{
	size_t count = 0;
	while (options->subscribers && options->subscribers[count])
		count++;
	relay->daemon = options->daemon;
	relay->db = options->db;
	relay->client = options->client;
	relay->poll_interval = options->poll_interval ? options->poll_interval : POLL_DEFAULT;
	relay->delivery_timeout = options->delivery_timeout ? options->delivery_timeout : DELIVERY_DEFAULT;
	relay->batch = options->batch ? options->batch : BATCH_DEFAULT;
	relay->max_attempts = options->max_attempts ? options->max_attempts : ATTEMPTS_DEFAULT;
	relay->loop = loop_current();
	relay->kept = clock_monotonic() - KEEP_INTERVAL;
	relay->measured = clock_monotonic() - MEASURE_INTERVAL;
	uuid_make(relay->holder);
	relay->prototype = options->prototype;
	relay->subscriber_count = count + (options->own ? 1 : 0);
	relay->subscribers = must_calloc(count + 1, sizeof(*relay->subscribers));
	for (size_t i = 0; i < count; i++)
		subscriber_init(relay, &relay->subscribers[i], options->subscribers[i], NULL);
	if (options->own)
		subscriber_init(relay, &relay->subscribers[count], options->own->name, options->own);
}

static struct co *start(struct outbox_relay *relay, const char *name, void (*function)(void *), void *argument)
{
	struct co *co = co_spawn(name, function, argument);
	relay->running += co != NULL;
	return co;
}

struct outbox_relay *outbox_relay_new(const struct outbox_relay_options *options)
{
	struct outbox_relay *relay = must_calloc(1, sizeof(*relay));
	init(relay, options);
	relay->keeper = start(relay, "outbox relay", keeper_run, relay);
	bool started = relay->keeper != NULL;
	for (size_t i = 0; i < relay->subscriber_count; i++) {
		struct outbox_subscriber *subscriber = &relay->subscribers[i];
		subscriber->fresh.co = start(relay, "outbox subscriber", outbox_lane_run, &subscriber->fresh);
		subscriber->again.co = start(relay, "outbox subscriber", outbox_lane_run, &subscriber->again);
		started = started && subscriber->fresh.co && subscriber->again.co;
	}
	if (!started)
		log_event(LOG_ERROR, NULL, "too many coroutines: some facts will not be delivered");
	if (relay->subscriber_count > 0)
		relay->listener = pg_listen(relay->db, "outbox", notified, relay);
	(void)pthread_mutex_lock(&process.lock);
	process.relay = relay;
	rpc_on_published(outbox_wake);
	process.posted = false;
	(void)pthread_mutex_unlock(&process.lock);
	return relay;
}

static void end_lane(struct outbox_lane *lane, bool force)
{
	if (lane->co && force)
		co_cancel(lane->co);
	else if (lane->co)
		outbox_lane_wake(lane);
}

/* Ends the pauses; with force, the deliveries too. */
static void end_all(struct outbox_relay *relay, bool force)
{
	struct co *self = co_self();
	if (relay->keeper && relay->keeper != self)
		co_cancel(relay->keeper);
	for (size_t i = 0; i < relay->subscriber_count; i++) {
		end_lane(&relay->subscribers[i].fresh, force);
		end_lane(&relay->subscribers[i].again, force);
	}
}

static void forget(struct outbox_relay *relay)
{
	(void)pthread_mutex_lock(&process.lock);
	if (process.relay == relay)
		process.relay = NULL;
	(void)pthread_mutex_unlock(&process.lock);
}

void outbox_relay_stop(struct outbox_relay *relay)
{
	int64_t timeout = deadline_after(STOP_TIMEOUT);
	forget(relay);
	relay->stopping = true;
	end_all(relay, false);
	while (relay->running > 0 && co_queue_wait(&relay->ended, "outbox relay", timeout) == CO_OK)
		continue;
	if (relay->running > 0)
		end_all(relay, true);
	while (relay->running > 0 && co_queue_wait(&relay->ended, "outbox relay", DEADLINE_NEVER) == CO_OK)
		continue;
	pg_listener_free(relay->listener);
	relay->listener = NULL;
	struct context ctx;
	context_init(&ctx, deadline_after(CLOCK_SECOND));
	if (relay->leading)
		outbox_lease_give(&ctx, relay);
	relay->leading = false;
	context_done(&ctx);
}

void outbox_relay_free(struct outbox_relay *relay)
{
	if (!relay)
		return;
	if (relay->running > 0)
		fatal("outbox_relay_free before outbox_relay_stop");
	forget(relay);
	pg_listener_free(relay->listener);
	free(relay->subscribers);
	free(relay);
}
