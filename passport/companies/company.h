/*
 * Companies as their members and everybody see them: the methods passport.company.create, get, update.
 *
 * Invariants: a change of a verified company's name or country removes the verification, since it was given for the old
 * ones.
 */
#ifndef EVENTLOOP_PASSPORT_COMPANIES_COMPANY_H
#define EVENTLOOP_PASSPORT_COMPANIES_COMPANY_H

#include "rpc/call.h"

/* passport.company.create: makes a company whose owner the caller is. */
int company_create(struct rpc_call *call) MAY_SUSPEND;

/* passport.company.get: the public face of a company; more of it for its members and moderators. */
int company_get(struct rpc_call *call) MAY_SUSPEND;

/* passport.company.update: by its owners and managers. */
int company_update(struct rpc_call *call) MAY_SUSPEND;

#endif
