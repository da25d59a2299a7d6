/*
 * Optimistic concurrency: updates name the version they were made from.
 */
#ifndef EVENTLOOP_EVENTS_VERSION_H
#define EVENTLOOP_EVENTS_VERSION_H

#include "rpc/call.h"

/* To be called after an UPDATE ... WHERE id AND version: 0 when `updated` has a row; else -1 with not_found for the
 * noun, or conflict with reason stale_version when `exists_sql` ($1: id) finds it. */
int version_check(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *updated, const char *exists_sql,
		  const char *id, const char *noun) MAY_SUSPEND MUST_CHECK;

#endif
