/*
 * Facts between daemons (docs/architecture.md): written in the transaction that made them true, delivered at least
 * once, in the order of transactions, and applied exactly once.
 *
 * Purpose: rpc_publish (rpc/call.h) writes; the relay here delivers to subscribers; fact handlers consume.
 * Invariants: the relay reads behind the oldest running transaction of its database, so a late commit is never
 * skipped; one relay of a database works at a time (a lease that runs out by itself); each subscriber has a cursor of
 * its own, so one that is down delays no other. A fact that it refuses, or does not finish within the fact's share of
 * the delivery's time, is put off: tried again with back-off, in separate deliveries, while later facts of the same key
 * wait and those of other keys do not; one that it keeps refusing goes to outbox_dead_letter with the reason and is
 * replayed by command. An attempt counts only when the fact's own handler failed, not when the subscriber or something
 * that it needs is down. A delivery that gets no answer is repeated with one fact alone; when that one gets none while
 * the subscriber answers others, it is put off too. Handling a fact must be little work: changes of many rows are left
 * to a background job (outbox/background_job.h). The order is that of transaction ids, which is not that of the changes
 * when one transaction waited for another's lock, and a replay is late: so a consumer that keeps a state compares seq,
 * numbered when the fact was written. A consumer notes the fact's id in its own transaction: a second delivery does
 * nothing. Waking: commits of this process wake its relay directly; a relay that does not hold the lease passes that on
 * by NOTIFY, at most 50 times a second (a NOTIFY in every transaction would make all commits wait for each other);
 * polling is the fallback. The relay also does the database's housekeeping: delivered facts after 7 days, consumed fact
 * ids after 14, idempotency keys after 48 hours; so every daemon with a database has one, also without subscribers.
 * Delivery is by RPC `<daemon>.fact.deliver` over the link; to the daemon itself (struct outbox_own) by a call.
 */
#ifndef EVENTLOOP_OUTBOX_OUTBOX_H
#define EVENTLOOP_OUTBOX_OUTBOX_H

#include "rpc/call.h"

struct outbox_relay;
struct rpc_client;

/* A fact as its consumer sees it. */
struct fact {
	const char *id;	   /* UUID */
	const char *topic; /* "rating.summary.changed" */
	const char *key;   /* subject */
	int64_t seq;	   /* in the producer's log */
	const char *occurred_at;
	struct json_object *payload; /* borrowed */
	const char *payload_text;
};

/* Applies a fact to the daemon's own tables, inside tx. 0, or -1 with an error: the fact is delivered again later. */
typedef int fact_handler_function(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact);

/* topic: exact, or "rating.*". */
struct fact_handler {
	const char *topic; /* NULL ends a table */
	fact_handler_function *function;
};

/* A consumer of a daemon's own facts, in the process of the relay: for what follows from a fact and takes a call to
 * another daemon. Its handlers get no transaction (tx is NULL), may wait for a second or so, and may get a fact again
 * that they have handled, so what they do must be idempotent; all else is as with a subscriber. */
struct outbox_own {
	const char *name; /* of the subscriber, in tables and metrics: "letters" */
	const struct fact_handler *handlers;
};

struct outbox_relay_options {
	const char *daemon;		/* whose outbox */
	struct pg *db;			/* borrowed */
	struct rpc_client *client;	/* borrowed */
	const char *const *subscribers; /* daemon names ended by NULL; NULL: none */
	const struct outbox_own *own;	/* static; NULL: none */
	struct rpc_call prototype;	/* what the calls of its handlers have: worker, db, client, app */
	int64_t poll_interval;		/* microseconds, the fallback beside NOTIFY; 0: 1 s */
	int64_t delivery_timeout;	/* microseconds that a delivery may take; 0: 10 s */
	size_t batch;			/* facts a delivery; 0: 200 */
	int max_attempts;		/* before a refused fact is a dead letter; 0: 12 */
};

/* Starts relaying on this thread's loop; at most one a process. NULL when no coroutine can be started. */
struct outbox_relay *outbox_relay_new(const struct outbox_relay_options *options);
/* Stops after the delivery under way and gives the lease back. Must be called before outbox_relay_free. */
void outbox_relay_stop(struct outbox_relay *relay) MAY_SUSPEND;
/* Frees a relay that was stopped. Accepts NULL. */
void outbox_relay_free(struct outbox_relay *relay);
/* Tells this process's relay, if it has one, that facts were committed. From any thread; cheap. */
void outbox_wake(void);

/* Sets the facts that this process consumes (static; NULL: none). Call it once, before the first delivery. */
void outbox_consume(const struct fact_handler *handlers);

/* The handler of `<daemon>.fact.deliver` (x-access service): params {source, facts:[{id, topic, key, seq, occurred_at,
 * payload}]}; runs the handlers given to outbox_consume, each fact in a transaction of its own and with a deadline of
 * its own, an eighth of the delivery's; answers {"delivered": n, "refused": [{id, reason, attempt}]}. Facts after a
 * refused one of the same key are refused too, with the reason "behind"; those whose turn does not come within the
 * delivery's time with "not reached"; `attempt` is false for one that failed because something it needs is down. The
 * first fact is always tried. An error answers the whole delivery when this daemon's own database is away. A source may
 * only deliver its own facts (topic "<source>. ...", source the caller's own name), else forbidden. */
int outbox_deliver(struct rpc_call *call) MAY_SUSPEND;

/* The dead letters, oldest first, at most 1000: a row each, whose first column is a JSON object. NULL with an error. */
struct pg_result *outbox_dead_letters(struct context *ctx, struct pg *db) MAY_SUSPEND MUST_CHECK;

/* Puts dead letters back in the queue; subscriber NULL: of all. Returns how many, -1 with an error. */
int64_t outbox_replay(struct context *ctx, struct pg *db, const char *subscriber) MAY_SUSPEND MUST_CHECK;

#endif
