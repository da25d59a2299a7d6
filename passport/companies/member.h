/*
 * Members of companies: the methods passport.member.*.
 *
 * Invariants: the last active owner of a company can neither leave nor be removed nor get a lower right; changes reach
 * the tokens of the member at once.
 */
#ifndef EVENTLOOP_PASSPORT_COMPANIES_MEMBER_H
#define EVENTLOOP_PASSPORT_COMPANIES_MEMBER_H

#include "rpc/call.h"

/* passport.member.list: in the order in which they joined; addresses for owners, managers and moderators only. */
int member_list(struct rpc_call *call) MAY_SUSPEND;

/* passport.member.set_right: by an owner. */
int member_set_right(struct rpc_call *call) MAY_SUSPEND;

/* passport.member.remove: by an owner, or oneself. */
int member_remove(struct rpc_call *call) MAY_SUSPEND;

/* passport.member.right: what right a user has in a company, for daemons. */
int member_right(struct rpc_call *call) MAY_SUSPEND;

#endif
