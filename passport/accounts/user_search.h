/*
 * Users as moderators and administrators look them up.
 *
 * Invariants: newest accounts first; the text of a search matches the beginnings of words of name and address, or one
 * whole id. Each kind of search has a statement and an index of its own.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_USER_SEARCH_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_USER_SEARCH_H

#include "rpc/call.h"

int user_get(struct rpc_call *call) MAY_SUSPEND;
int user_search(struct rpc_call *call) MAY_SUSPEND;

#endif
