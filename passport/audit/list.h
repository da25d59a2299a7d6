/*
 * The audit trail as it is read: by the staff of the platform all of it, by a company's owner what concerns the
 * company, by everybody what concerns themselves.
 *
 * Invariants: newest first, in the order of ids (UUIDv7), so that a place in it never moves. Network address and user
 * agent are shown to the staff, and otherwise when the caller acted, when nobody was logged in, or, in a company's
 * trail, when a member of it acted.
 */
#ifndef EVENTLOOP_PASSPORT_AUDIT_LIST_H
#define EVENTLOOP_PASSPORT_AUDIT_LIST_H

#include "rpc/call.h"

int audit_list(struct rpc_call *call) MAY_SUSPEND;

#endif
