/*
 * What passport knows of the calling user in a company, for daemons that keep no rights themselves.
 */
#ifndef EVENTLOOP_CLIENT_RIGHTS_H
#define EVENTLOOP_CLIENT_RIGHTS_H

#include "rpc/call.h"

/* The right by passport's database, which may be newer than the token's, or left out there for lack of room. 0, or -1
 * with an error of rpc_invoke. For struct rpc_call. */
int client_find_right(struct rpc_call *call, const char *company_id,
		      enum company_right *ret_right) MAY_SUSPEND MUST_CHECK;

/* Whether the user belongs to the company, likewise. */
int client_find_member(struct rpc_call *call, const char *company_id, bool *ret) MAY_SUSPEND MUST_CHECK;

#endif
