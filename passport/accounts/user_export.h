/*
 * Everything that passport keeps about the calling user, as one JSON document (the right of access and portability).
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_USER_EXPORT_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_USER_EXPORT_H

#include "rpc/call.h"

int user_export(struct rpc_call *call) MAY_SUSPEND;

#endif
