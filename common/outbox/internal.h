/*
 * What the files of the relay share: its life (relay.c), one subscriber (subscriber.c), what it reads and
 * writes (store.c), how it delivers (send.c), housekeeping (keep.c).
 */
#ifndef EVENTLOOP_OUTBOX_INTERNAL_H
#define EVENTLOOP_OUTBOX_INTERNAL_H

#include "base/ids.h"
#include "co/sync.h"
#include "outbox/outbox.h"
#include "telemetry/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTBOX_XID_SIZE 24    /* a 64-bit number as text */
#define OUTBOX_REASON_MAX 500 /* characters of a reason kept */
#define OUTBOX_BATCH_BYTES ((size_t)1 << 20)

struct co;
struct loop;
struct pg_listener;

struct outbox_subscriber;

/* The result of a lane's pass. */
enum outbox_pass { OUTBOX_PASS_MORE, OUTBOX_PASS_IDLE, OUTBOX_PASS_DOWN };

/* A coroutine that delivers to one subscriber. There are two, so that facts that were put off do not delay new ones. */
struct outbox_lane {
	struct outbox_subscriber *subscriber;
	enum outbox_pass (*deliver)(struct context *ctx, struct outbox_lane *lane);
	const char *failing; /* what is logged when it cannot */
	struct co *co;
	bool idle;     /* parked, may be woken */
	bool pending;  /* woken while it was at work */
	bool down;     /* could not be reached the last time */
	size_t batch;  /* facts of the next delivery: fewer after one that was refused whole or got no answer */
	int64_t pause; /* the next one after a failure or an empty look, microseconds */
};

/* Who is told of facts. */
struct outbox_subscriber {
	struct outbox_relay *relay;
	const char *name;
	const struct outbox_own *own; /* it is the daemon itself; NULL: another one */
	struct outbox_lane fresh;     /* what lies behind the cursor */
	struct outbox_lane again;     /* what was put off */
	bool positioned;	      /* xid and seq are those of the database */
	bool retries;		      /* it may have facts that were put off */
	char xid[OUTBOX_XID_SIZE];
	int64_t seq;
	int64_t oldest;	      /* wall: when the oldest fact behind the cursor occurred; 0: none */
	int64_t oldest_again; /* the same of those put off */
	struct metric *lag, *delivered, *refused, *put_off, *dead_letters;
};

struct outbox_relay {
	const char *daemon;
	struct pg *db;
	struct rpc_client *client;
	struct rpc_call prototype; /* for handlers of own facts */
	int64_t poll_interval, delivery_timeout;
	size_t batch;
	int max_attempts;
	char holder[UUID_SIZE];
	bool leading; /* has the lease */
	bool stopping;
	bool notify;			  /* others are to be told of facts */
	int64_t notified, kept, measured; /* monotonic: last NOTIFY, housekeeping, count of what was put off */
	struct loop *loop;
	struct co *keeper;
	bool keeper_idle;
	size_t running; /* coroutines */
	struct co_queue ended;
	struct pg_listener *listener;
	size_t subscriber_count;
	struct outbox_subscriber *subscribers;
};

/* What becomes of a fact. */
enum outbox_fate {
	OUTBOX_TO_SEND,	    /* and once it was sent: delivered */
	OUTBOX_HELD,	    /* behind another one of its key */
	OUTBOX_REFUSED,	    /* for the reason; counts an attempt */
	OUTBOX_POSTPONED,   /* for a reason that is not the fact's own: counts no attempt */
	OUTBOX_NOT_REACHED, /* the delivery's time was over before its turn */
};

/* A fact on its way. */
struct outbox_item {
	const char *xid;
	const char *seq;
	const char *id;
	const char *text; /* JSON, as delivered */
	enum outbox_fate fate;
	const char *reason; /* NULL when there is none to tell */
};

struct outbox_batch {
	struct outbox_item *items;
	size_t count;
	int64_t oldest; /* wall: when the first occurred */
};

/* --- store.c: 0 or -1 with an error --- */

/* Takes or renews the lease; *ret_leading says whether it is ours. */
int outbox_lease_take(struct context *ctx, struct outbox_relay *relay, bool *ret_leading) MAY_SUSPEND MUST_CHECK;
void outbox_lease_give(struct context *ctx, struct outbox_relay *relay) MAY_SUSPEND;

/* After a restore into another server transaction ids start anew: everything kept is then delivered again. */
int outbox_repair(struct context *ctx, struct outbox_relay *relay) MAY_SUSPEND MUST_CHECK;

/* Loads the cursor, making it when the subscriber is new. */
int outbox_position(struct context *ctx, struct outbox_subscriber *subscriber) MAY_SUSPEND MUST_CHECK;

/* Facts behind the cursor that no running transaction can precede. */
int outbox_read_new(struct context *ctx, struct outbox_subscriber *subscriber, size_t most,
		    struct outbox_batch *ret) MAY_SUSPEND MUST_CHECK;

/* Facts put off that are due, of each key only the first. */
int outbox_read_retries(struct context *ctx, struct outbox_subscriber *subscriber, size_t most,
			struct outbox_batch *ret) MAY_SUSPEND MUST_CHECK;

/* Moves the cursor behind the batch, up to the first that was not reached, and keeps what was not delivered for later.
 */
int outbox_settle_new(struct context *ctx, struct outbox_subscriber *subscriber,
		      const struct outbox_batch *batch) MAY_SUSPEND MUST_CHECK;

/* Deletes what was delivered, puts off what was refused again, makes dead letters of what was refused too often. */
int outbox_settle_retries(struct context *ctx, struct outbox_subscriber *subscriber,
			  const struct outbox_batch *batch) MAY_SUSPEND MUST_CHECK;

/* Tells relays of other processes that there are facts. */
void outbox_notify(struct context *ctx, struct outbox_relay *relay) MAY_SUSPEND;

/* Counts what waits in outbox_retry and lies in outbox_dead_letter, for the metrics. */
int outbox_measure(struct context *ctx, struct outbox_relay *relay) MAY_SUSPEND MUST_CHECK;

/* --- send.c --- */

enum outbox_sent {
	OUTBOX_SENT,
	OUTBOX_DOWN,
	OUTBOX_TOO_MUCH, /* the whole delivery was refused: send fewer facts */
	OUTBOX_NO_ANSWER /* not within delivery_timeout: facts are sent singly to find the one to blame */
};

/* Delivers the items that are to be sent, and fills in what became of them. */
enum outbox_sent outbox_send(struct context *ctx, struct outbox_subscriber *subscriber,
			     struct outbox_batch *batch) MAY_SUSPEND;

/* --- deliver.c --- */

/* Handles a delivery (the parameters of `<daemon>.fact.deliver`) here, as the own consumer does it. The answer is that
 * of outbox_deliver; NULL with an error when no fact could be handled. */
struct json_object *outbox_deliver_own(struct context *ctx, const struct outbox_subscriber *subscriber,
				       const char *params) MAY_SUSPEND MUST_CHECK;

/* --- subscriber.c --- */

/* Makes the lanes; they are started with outbox_lane_run. */
void outbox_subscriber_init(struct outbox_subscriber *subscriber);

/* The coroutine of a lane; runs until the relay stops. */
void outbox_lane_run(void *argument);
void outbox_lane_wake(struct outbox_lane *lane);

/* --- keep.c --- */

/* The subscribers as an array literal. In the context's arena. */
const char *outbox_names(struct context *ctx, const struct outbox_relay *relay);

/* Deletes what is past its time, in small batches. */
int outbox_housekeeping(struct context *ctx, struct outbox_relay *relay) MAY_SUSPEND MUST_CHECK;

#endif
