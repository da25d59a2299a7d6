/*
 * Reading the audit trail: the staff of the platform sees all of it, a company's owner the events of the company, any
 * user their own.
 *
 * Invariants: newest first, in the order of ids (UUIDv7), so that a cursor stays valid. Network address and user agent
 * are shown to the staff, and otherwise when the caller acted, when nobody was logged in, or, in a company's trail,
 * when a member of it acted.
 */
#ifndef EVENTLOOP_PASSPORT_AUDIT_LIST_H
#define EVENTLOOP_PASSPORT_AUDIT_LIST_H

#include "rpc/call.h"

int audit_list(struct rpc_call *call) MAY_SUSPEND;

#endif
