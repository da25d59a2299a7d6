/*
 * The migrations of the tables that every daemon with a database has: outbox, idempotency keys, secrets, and the SQL
 * functions that write values as the API shows them.
 * Use: migrate_run(ctx, url, (const struct embedded_file *const[]){common_migrations, spec->migrations, NULL}).
 */
#ifndef EVENTLOOP_RPC_COMMON_MIGRATIONS_H
#define EVENTLOOP_RPC_COMMON_MIGRATIONS_H

#include "base/embed.h"

/* common/rpc/migrations in order; ended by a NULL name. */
extern const struct embedded_file common_migrations[];

#endif
