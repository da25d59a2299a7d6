/*
 * Schema migrations: numbered SQL files embedded in the daemon, applied once, in order, under one lock.
 *
 * Invariants: one session advisory lock is held for the whole run, so several daemons may start at once on a virgin
 * database; each file runs in a transaction of its own together with its row in schema_migration (name, checksum,
 * applied_at); a file whose checksum changed after it was applied stops the run. A file holds any number of statements
 * and must not end the transaction. The url must reach the server itself: a pooler in transaction mode cannot hold the
 * lock.
 */
#ifndef EVENTLOOP_POSTGRES_MIGRATE_H
#define EVENTLOOP_POSTGRES_MIGRATE_H

#include "base/context.h"
#include "base/embed.h"
#include "base/macros.h"

struct pg;

/* Applies what is missing of the tables in `sets` (ended by NULL, each table ended by a NULL name; earlier sets first).
 * Opens its own connection to url, trying for 15 s when the server is not there, and waits for the lock until the
 * context's deadline (deadline_exceeded). Returns the number applied, or -1 with the context's error (cause names file
 * and server message). */
int migrate_run(struct context *ctx, const char *url, const struct embedded_file *const *sets) MAY_SUSPEND MUST_CHECK;

/* 0 when every file of the sets was applied with this checksum; -1 with precondition_failed naming the first that was
 * not. For /readyz. */
int migrate_check(struct context *ctx, struct pg *pg, const struct embedded_file *const *sets) MAY_SUSPEND MUST_CHECK;

#endif
