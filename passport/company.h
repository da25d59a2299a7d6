/*
 * Companies and their members: the methods passport.company.* and passport.member.*.
 */
#ifndef EVENTLOOP_PASSPORT_COMPANY_H
#define EVENTLOOP_PASSPORT_COMPANY_H

#include "rpc/call.h"

/* passport.company.create: makes a company whose owner the caller is. */
int company_create(struct rpc_call *call) MAY_SUSPEND;

/* passport.company.get: the public face of a company. */
int company_get(struct rpc_call *call) MAY_SUSPEND;

/* passport.member.right: what right a user has in a company, for daemons. */
int member_right(struct rpc_call *call) MAY_SUSPEND;

#endif
