/*
 * Secrets of a daemon's installation: random bytes in its database, the same for all its replicas (table
 * daemon_secret).
 *
 * Ownership: each thread keeps the values that it has read until the process ends, since a daemon has one database and
 * a name one value.
 */
#ifndef EVENTLOOP_RPC_SECRET_H
#define EVENTLOOP_RPC_SECRET_H

#include "base/context.h"
#include "base/macros.h"

#include <stddef.h>

#define SECRET_SIZE 32

struct pg;

/* The secret of that name, made at first use; borrowed for ever. Suspends only the first time a thread asks. name is
 * static; at most 8 names. NULL with the database's error. */
const unsigned char *secret_get(struct context *ctx, struct pg *db, const char *name) MAY_SUSPEND MUST_CHECK;

/* Sets the secret for this thread (tests without a database); bytes NULL forgets it. */
void secret_set(const char *name, const unsigned char bytes[SECRET_SIZE]);

#endif
