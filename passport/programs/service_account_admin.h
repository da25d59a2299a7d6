/*
 * Service accounts in the database, for administrators: the methods passport.service_account.*.
 *
 * Invariants: a name is never reused, and names of daemons and of the setting service_secrets cannot be taken: only a
 * program that knows the setting's secret may use them.
 */
#ifndef EVENTLOOP_PASSPORT_PROGRAMS_SERVICE_ACCOUNT_ADMIN_H
#define EVENTLOOP_PASSPORT_PROGRAMS_SERVICE_ACCOUNT_ADMIN_H

#include "rpc/call.h"

/* passport.service_account.create: answers the secret, this once. */
int service_account_create(struct rpc_call *call) MAY_SUSPEND;

/* passport.service_account.rotate: a new secret; the one before goes on for the overlap. */
int service_account_rotate(struct rpc_call *call) MAY_SUSPEND;

/* passport.service_account.list */
int service_account_list(struct rpc_call *call) MAY_SUSPEND;

/* passport.service_account.disable: for good; its tokens are void at once. */
int service_account_disable(struct rpc_call *call) MAY_SUSPEND;

#endif
