/*
 * Bulk import of NDJSON files: one JSON object a line.
 *
 * Purpose: `eventloop-events import FILE` and its like: batches in transactions, bad lines named with number and reason
 * while good ones load, a progress line, and an interrupted run can be continued. Ownership: the import owns lines and
 * their values; a callback borrows them for the length of its call. Invariants: the place in the file (by its SHA-256)
 * is stored in the transaction of the batch it belongs to, so that nothing is loaded twice or left out. A batch that
 * fails is repeated line by line, each in a transaction of its own; lines that fail then are bad. All
 * rejected lines go to FILE.rejected with number and reason, the first 1,000 also to the log. Memory does not grow with
 * the file: a batch is 500 lines, or less once they have 4 MiB, and of a line longer than 1 MiB only that much is read
 * into memory.
 */
#ifndef EVENTLOOP_DAEMON_IMPORT_H
#define EVENTLOOP_DAEMON_IMPORT_H

#include "daemon/daemon.h"

#include <stdio.h>

/* One line of the file. */
struct import_line {
	size_t number;		   /* from 1 */
	const char *text;	   /* JSON text */
	struct json_object *value; /* an object */
	const char *reason;	   /* set by check or load: why it is refused; NULL while good */
};

/* What a kind of import does. call: made for the batch (ctx, db, worker, app; no caller). All static. */
struct import_spec {
	/* Looks at one line without the database, on a thread of its own (call->ctx is that line's batch's, all else is
	 * shared and only read); sets line->reason when it is bad (a text in call->ctx's arena or
	 * static). May be NULL. */
	void (*check)(struct rpc_call *call, struct import_line *line);
	/* Loads good lines in tx. 0, or -1 with the error in call->ctx: the batch is then done line by line, and the
	 * error's text is the reason. A line it finds bad by itself gets a reason and is left out. */
	int (*load)(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines, size_t count);
};

/* Runs the command `import FILE`: prints progress to stderr, and a summary
 * {"read","loaded","skipped","rejected","seconds"} as the last line of stdout. Returns the exit status: 0 also when
 * lines were rejected, 1 when the file cannot be read or the database is away, 2 for wrong usage. */
int import_run(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv,
	       const struct import_spec *spec) MAY_SUSPEND;

#endif
