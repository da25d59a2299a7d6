/*
 * What moderators do with companies: the methods passport.company.search, verify, suspend, restore.
 *
 * Invariants: suspending voids the company's rights in every token, and in answers of member.right, at once; after
 * restoring, the next tokens have them again. Repeating either changes nothing and publishes no fact.
 */
#ifndef EVENTLOOP_PASSPORT_COMPANIES_COMPANY_STATE_H
#define EVENTLOOP_PASSPORT_COMPANIES_COMPANY_STATE_H

#include "rpc/call.h"

/* passport.company.search: newest first. */
int company_search(struct rpc_call *call) MAY_SUSPEND;

/* passport.company.verify: verified or rejected, with the reason. */
int company_verify(struct rpc_call *call) MAY_SUSPEND;

/* passport.company.suspend: the company's listings and rights are out of use. */
int company_suspend(struct rpc_call *call) MAY_SUSPEND;

/* passport.company.restore: ends a suspension. */
int company_restore(struct rpc_call *call) MAY_SUSPEND;

#endif
