/*
 * What the files of the relay share: its life (outbox_relay.c), one subscriber (outbox_subscriber.c), what it reads and
 * writes (outbox_store.c), how it delivers (outbox_send.c), housekeeping (outbox_keep.c).
 */
#ifndef EVENTLOOP_RPC_OUTBOX_INTERNAL_H
#define EVENTLOOP_RPC_OUTBOX_INTERNAL_H

#include "base/ids.h"
#include "base/metrics.h"
#include "co/sync.h"
#include "rpc/outbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTBOX_XID_SIZE 24    /* a 64-bit number as text */
#define OUTBOX_REASON_MAX 500 /* characters of a reason kept */
#define OUTBOX_BATCH_BYTES ((size_t)1 << 20)

struct co;
struct loop;
struct pg_listener;

/* One subscriber: a coroutine that delivers what lies behind its cursor. */
struct outbox_subscriber {
	struct outbox_relay *relay;
	const char *name;
	struct co *co;
	bool idle;	 /* parked, may be woken */
	bool pending;	 /* woken while it was at work */
	bool positioned; /* xid and seq are those of the database */
	bool retries;	 /* it may have refused facts to try again */
	bool down;	 /* could not be reached the last time */
	char xid[OUTBOX_XID_SIZE];
	int64_t seq;
	size_t batch;	/* facts of the next delivery: fewer after a delivery that was refused whole */
	int64_t pause;	/* the next one after a failure or an empty look, microseconds */
	int64_t oldest; /* wall: when the oldest undelivered fact occurred; 0: none */
	struct metric *lag, *delivered, *refused;
};

struct outbox_relay {
	const char *daemon;
	struct pg *db;
	struct rpc_client *client;
	int64_t poll_interval;
	size_t batch;
	int max_attempts;
	char holder[UUID_SIZE];
	bool leading; /* has the lease */
	bool stopping;
	bool notify;		/* others are to be told of facts */
	int64_t notified, kept; /* monotonic: last NOTIFY, last housekeeping */
	struct loop *loop;
	struct co *keeper;
	bool keeper_idle;
	size_t running; /* coroutines */
	struct co_queue ended;
	struct pg_listener *listener;
	size_t subscriber_count;
	struct outbox_subscriber *subscribers;
};

/* A fact on its way, with what became of it. */
struct outbox_item {
	const char *xid;
	const char *seq;
	const char *id;
	const char *text;   /* JSON, as delivered */
	const char *reason; /* NULL: delivered; "" : not sent, or behind another one; else: refused */
};

struct outbox_batch {
	struct outbox_item *items;
	size_t count;
	int64_t oldest; /* wall: when the first occurred */
};

/* --- outbox_store.c: 0 or -1 with an error --- */

/* Takes or renews the lease; *ret_leading says whether it is ours. */
int outbox_lease_take(struct context *ctx, struct outbox_relay *relay, bool *ret_leading) MAY_SUSPEND MUST_CHECK;
void outbox_lease_give(struct context *ctx, struct outbox_relay *relay) MAY_SUSPEND;

/* After a restore into another server transaction ids start anew: everything kept is then delivered again. */
int outbox_repair(struct context *ctx, struct outbox_relay *relay) MAY_SUSPEND MUST_CHECK;

/* Loads the cursor, making it when the subscriber is new. */
int outbox_position(struct context *ctx, struct outbox_subscriber *subscriber) MAY_SUSPEND MUST_CHECK;

/* Facts behind the cursor that no running transaction can precede; those to be held back have reason "". */
int outbox_read_new(struct context *ctx, struct outbox_subscriber *subscriber,
		    struct outbox_batch *ret) MAY_SUSPEND MUST_CHECK;

/* Refused facts that are due, of each key only the first. */
int outbox_read_retries(struct context *ctx, struct outbox_subscriber *subscriber,
			struct outbox_batch *ret) MAY_SUSPEND MUST_CHECK;

/* Moves the cursor behind the batch and keeps what was not delivered for later. */
int outbox_settle_new(struct context *ctx, struct outbox_subscriber *subscriber,
		      const struct outbox_batch *batch) MAY_SUSPEND MUST_CHECK;

/* Drops what was delivered, puts off what was refused again, buries what was refused too often. */
int outbox_settle_retries(struct context *ctx, struct outbox_subscriber *subscriber,
			  const struct outbox_batch *batch) MAY_SUSPEND MUST_CHECK;

/* Tells relays of other processes that there are facts. */
void outbox_notify(struct context *ctx, struct outbox_relay *relay) MAY_SUSPEND;

/* --- outbox_send.c --- */

/* Delivers the items whose reason is NULL, filling in the reason of those that are refused. */
enum outbox_sent { OUTBOX_SENT, OUTBOX_DOWN, OUTBOX_TOO_MUCH };
enum outbox_sent outbox_send(struct context *ctx, struct outbox_subscriber *subscriber,
			     struct outbox_batch *batch) MAY_SUSPEND;

/* --- outbox_subscriber.c --- */

/* The coroutine of a subscriber; runs until the relay stops. */
void outbox_subscriber_run(void *argument);
void outbox_subscriber_wake(struct outbox_subscriber *subscriber);

/* --- outbox_keep.c --- */

/* Deletes what is past its time, in small batches. */
int outbox_housekeeping(struct context *ctx, struct outbox_relay *relay) MAY_SUSPEND MUST_CHECK;

#endif
