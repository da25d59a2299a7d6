/*
 * The inside of postgres/postgres.h, shared by its files.
 *
 * A connection is a link in pipeline mode plus a ring of slots: one for everything sent whose answer has not come, in
 * the order of sending. A slot points to the request record on its caller's stack; a caller that leaves clears the
 * pointer (a tombstone) and the answer is dropped. The server ends a batch at each Sync: after an error it skips the
 * rest of the batch, which libpq reports as "aborted".
 */
#ifndef EVENTLOOP_POSTGRES_INTERNAL_H
#define EVENTLOOP_POSTGRES_INTERNAL_H

#include "postgres/link.h"
#include "postgres/postgres.h"

#define PG_STATEMENT_BUCKETS 256
#define PG_STATEMENT_LIMIT 512	/* prepared statements kept a connection */
#define PG_BATCH_LIMIT 128	/* reads between two Syncs */
#define PG_QUEUE_LIMIT 65536	/* statements queued in a transaction without a round trip */
#define PG_TICK 50000		/* us between two looks of the watch */
#define PG_STALLED_TICKS 5	/* head older than this: new reads take another connection */
#define PG_ABANDONED_TICKS 2	/* head whose caller has left, older than this: cancelled */
#define PG_QUEUE_TICKS 2	/* no lease was granted for so long: one more is opened */
#define PG_DRAIN_TICKS 40	/* a cancelled or settling connection is closed after this */
#define PG_TIMEOUT CLOCK_SECOND /* how long a caller waits for a connection that is down */

struct co;
struct event;
struct loop_hook;
struct metric;
struct offload_pool;
struct pg_cancel;
struct pg_connection;

enum pg_statement_state { PG_STATEMENT_NEW, PG_STATEMENT_PREPARING, PG_STATEMENT_READY, PG_STATEMENT_DROPPED };

/* A statement known to one connection. */
struct pg_statement {
	struct pg_statement *chain;	    /* of its bucket, or of the list of those to deallocate */
	struct pg_statement *newer, *older; /* by last use */
	uint64_t hash;
	size_t length;
	enum pg_statement_state state;
	uint32_t in_flight; /* slots that point here */
	char name[40];
	char sql[];
};

struct pg_statements {
	struct pg_statement *buckets[PG_STATEMENT_BUCKETS];
	struct pg_statement *newest, *oldest;
	struct pg_statement *closing; /* to be deallocated on the server */
	size_t count;
	uint32_t serial;
};

enum pg_outcome {
	PG_PENDING,  /* no answer yet */
	PG_ANSWERED, /* result holds it */
	PG_FAILED,   /* result holds the server's error */
	PG_ABORTED,  /* not run: an earlier statement of the batch failed */
	PG_STALE,    /* not run: the prepared statement was gone or its plan out of date */
	PG_STOPPED,  /* cancelled by the server */
	PG_LOST,     /* the connection broke */
	PG_CLOSED,   /* pg_free */
};

/* A statement somebody waits for; lives on the caller's stack. */
struct pg_request {
	struct pg_request *next, *previous; /* while it waits to be sent */
	struct co *co;
	const char *sql;
	size_t count;
	const char *const *values;
	PGresult *result;
	enum pg_outcome outcome;
	struct pg_connection *connection; /* where it was sent */
	uint32_t first_slot, last_slot;
	bool done;   /* its caller was woken */
	bool held;   /* done only when its Sync came back (leases) */
	bool final;  /* a commit: once answered, losing the connection changes nothing */
	bool alone;  /* gets a Sync of its own (a retry) */
	bool queued; /* in pg->reads */
};

enum pg_slot_kind { PG_SLOT_PREPARE, PG_SLOT_QUERY, PG_SLOT_CLOSE, PG_SLOT_SYNC };

struct pg_slot {
	struct pg_request *request;
	struct pg_statement *statement;
	enum pg_slot_kind kind;
};

enum pg_use {
	PG_USE_DOWN,	 /* no connection */
	PG_USE_IDLE,	 /* a lease that anybody may take */
	PG_USE_LEASED,	 /* somebody's */
	PG_USE_READS,	 /* carries shared reads (for good, or lent for the moment) */
	PG_USE_SETTLING, /* being drained and rolled back before reuse */
};

struct pg_connection {
	struct pg_link link; /* first: callbacks get it */
	struct pg *pg;
	bool shared; /* for reads; else a lease */
	enum pg_use use;
	struct pg_slot *slots;
	uint32_t head, tail, capacity; /* sequence numbers; slot i is slots[i & (capacity - 1)] */
	uint32_t batch;		       /* statements sent since the last Sync */
	PGresult *current;	       /* the head slot's result, until libpq says that it has no more */
	PGresult *first_error;	       /* of a statement nobody waits for, in a lease */
	bool sync_error;	       /* the head, a Sync, has brought an error before itself */
	struct pg_statements statements;
	struct pg_tx *tx;
	uint32_t lease;		  /* number of the present lease: an older number is no longer valid */
	uint64_t share, turn;	  /* of a lane: whose request it serves (pg_lane_share), and in which turn */
	struct pg_cancel *cancel; /* a cancel on its way */
	bool cancelled;		  /* one was sent during this lease and may be late: a round trip must absorb it */
	uint32_t completed;	  /* slots ever completed; `watched`: that count at the last look */
	uint32_t watched;
	unsigned stalled;  /* looks in a row that saw no progress */
	unsigned settling; /* looks since it began to settle or was cancelled */
	bool was_up;
};

/* A coroutine that waits for a lease; lives on its stack. */
struct pg_waiter {
	struct pg_waiter *next, *previous;
	struct co *co;
	struct pg_connection *connection; /* granted, with this number */
	uint32_t lease;
	uint64_t share, turn; /* of a lane: who waits (pg_lane_share), and for which turn */
	bool shed;	      /* removed from a full queue for a client that had fewer waiting */
};

/* What makes a lane of a pg; see pg_options. */
struct pg_lane {
	const char *name;
	uint64_t turn;	/* the one that is on */
	char limit[24]; /* of a statement, in milliseconds, as PostgreSQL takes it */
	struct metric *wait_seconds, *running, *refused, *timeouts;
};

struct pg {
	struct pg_target target;
	struct pg_lane *lane;		   /* or NULL */
	struct pg_connection *connections; /* the shared ones first */
	size_t shared_count, count;
	size_t queue_limit;
	size_t users; /* pg_free and every call that has not returned: the last one frees */
	bool closing;
	struct pg_request *first_read, *last_read; /* to be sent at the end of this pass */
	size_t reads;				   /* waiting or in flight */
	struct pg_waiter *first_waiter, *last_waiter;
	size_t waiters;
	unsigned queue_stalled; /* looks in a row at the queue in which no lease was granted */
	int64_t down_since;	/* since when one kind has no connection (lost or not made); 0: both have */
	struct loop_hook *flush;
	struct event *watch;
	bool watching;
	struct offload_pool *pool; /* for cancels, when the process has none */
	struct metric *wait_seconds, *leases_in_use, *reconnects, *reads_total, *writes_total;
};

struct pg_tx {
	struct context *ctx;
	struct pg *pg;
	struct pg_connection *connection; /* NULL once it is gone */
	bool begun, failed;
};

/* postgres.c */
void pg_hold(struct pg *pg);
void pg_drop(struct pg *pg);
/* Until when a caller waits while there is no connection. */
int64_t pg_timeout(const struct context *ctx, const struct pg *pg);

/* statement.c */
struct pg_statement *pg_statement_get(struct pg_connection *connection, const char *sql);
void pg_statement_drop(struct pg_connection *connection, struct pg_statement *statement);
void pg_statement_release(struct pg_connection *connection, struct pg_statement *statement);
void pg_statements_clear(struct pg_connection *connection);

/* connection.c */
void pg_connection_init(struct pg_connection *connection, struct pg *pg, bool shared);
/* Connects, and again whenever the connection is lost. */
void pg_connection_open(struct pg_connection *connection);
bool pg_connection_opened(const struct pg_connection *connection);
/* Closes it; what was in flight ends with PG_CLOSED. Memory stays until pg_connection_free. */
void pg_connection_close(struct pg_connection *connection);
void pg_connection_free(struct pg_connection *connection);
/* Sends (prepare if needed, and) execute; request may be NULL. Never fails here: a broken link answers with PG_LOST. */
void pg_connection_send(struct pg_connection *connection, struct pg_request *request, const char *sql, size_t count,
			const char *const *values);
/* Ends the batch and flushes. request: the held one that this Sync finishes, or NULL. */
void pg_connection_sync(struct pg_connection *connection, struct pg_request *request);
/* Deallocates evicted statements, in a batch of its own. Only outside a transaction. */
void pg_connection_send_closes(struct pg_connection *connection);
bool pg_connection_empty(const struct pg_connection *connection);
bool pg_connection_up(const struct pg_connection *connection);

/* Resolves everything in flight with the outcome and forgets all that the server knew. */
void pg_connection_reset(struct pg_connection *connection, enum pg_outcome outcome);

/* request.c */
enum pg_outcome pg_outcome_of(const PGresult *result);
/* Takes result over as the answer, unless an earlier error is there already. */
void pg_request_settle(struct pg_request *request, enum pg_outcome outcome, PGresult *result);
/* Wakes the caller. */
void pg_request_finish(struct pg_request *request);
/* Turns whatever pointed to the request into tombstones and drops its result. */
void pg_request_leave(struct pg_request *request);
/* Waits until done. 0, or -1 with deadline or cancel in ctx (the request has left then). */
int pg_request_wait(struct context *ctx, struct pg_request *request) MAY_SUSPEND MUST_CHECK;

/* read.c */
/* The hook of the end of a pass; argument is the struct pg. */
void pg_reads_flush(void *argument);
/* Sends what waits behind a stuck head on another connection, if there is one. */
void pg_reads_rescue(struct pg_connection *connection);
void pg_reads_close(struct pg *pg);
/* Forgets a read that is still waiting to be sent. */
void pg_reads_remove(struct pg *pg, struct pg_request *request);
bool pg_reads_up(const struct pg *pg);

/* lease.c */
struct pg_connection *pg_lease_acquire(struct context *ctx, struct pg *pg) MAY_SUSPEND MUST_CHECK;
/* Gives it back; does nothing when that lease ended with its connection. */
void pg_lease_release(struct pg_connection *connection, uint32_t lease);
/* The connection's last answer came, it came up, or its cancel ended: decides what it does next. */
void pg_lease_settle(struct pg_connection *connection);
void pg_leases_close(struct pg *pg);
/* Opens one more, unless all are or one is just being opened. It stays. */
void pg_lease_open(struct pg *pg);
/* A look of the watch at the queue. True when it has to be looked at again. */
bool pg_leases_look(struct pg *pg);
bool pg_leases_up(const struct pg *pg);

/* lane.c. A lane's reads are leases too: nobody else's statement is on the connection meanwhile. */
struct pg_lane *pg_lane_new(const struct pg_options *options);
/* The client that the context's work is done for, as a number; 0: none in particular. */
uint64_t pg_lane_share(const struct context *ctx);
/* The turn that one more of the share waits for. In each turn every share is served once, so that a client with many
 * statements delays only its own (start-time fair queueing: P. Goyal, H. M. Vin, H. Cheng, 1996, with equal costs). */
uint64_t pg_lane_turn(const struct pg *pg, uint64_t share);
/* The next to be served: the first waiter of the earliest turn, which becomes the present turn. NULL when nobody
 * waits. */
struct pg_waiter *pg_lane_next(struct pg *pg);
/* The waiter that a full queue drops for one more of this share: the last of the share with most waiters, if it has at
 * least two more than this share, so that it keeps at least as many. NULL: none. */
struct pg_waiter *pg_lane_greediest(const struct pg *pg, uint64_t share);
/* Sends the time limit in front of a statement or behind BEGIN. Nothing when it is no lane's connection. */
void pg_lane_limit(struct pg_connection *connection);
/* Sets overloaded, the queue being full. Returns -1. */
int pg_lane_refuse(struct context *ctx, const struct pg *pg);
/* Sets the error of a statement that the time limit ended. */
void pg_lane_explain(struct context *ctx, const struct pg *pg);
struct pg_result *pg_lane_read(struct context *ctx, struct pg *pg, const char *sql, size_t count,
			       const char *const *values) MAY_SUSPEND MUST_CHECK;

/* cancel.c */
void pg_cancel_start(struct pg_connection *connection);

/* watch.c */
void pg_watch_arm(struct pg *pg);
/* The timer's callback; argument is the struct pg. */
void pg_watch_tick(int fd, short what, void *argument);

/* transaction.c */
void pg_tx_lost(struct pg_tx *tx);

/* result.c */
struct pg_result *pg_result_keep(struct context *ctx, PGresult *result);
/* Sets the context's error from the server's and frees the result. Returns -1. */
int pg_fail_result(struct context *ctx, PGresult *result);
int pg_fail_unavailable(struct context *ctx, const struct pg *pg);
/* The same for an outcome that carries no result. */
int pg_fail_outcome(struct context *ctx, const struct pg *pg, enum pg_outcome outcome);

#endif
