/*
 * That a caller acts for the company of a listing.
 *
 * Use: before the transaction, since rights may have to be asked of passport.
 */
#ifndef EVENTLOOP_EVENTS_BY_COMPANY_H
#define EVENTLOOP_EVENTS_BY_COMPANY_H

#include "rpc/call.h"

/* The caller has at least that right in the listing's company. -1 with not_found, or forbidden. */
int by_company_require(struct rpc_call *call, const char *listing_id, enum company_right right) MAY_SUSPEND MUST_CHECK;

#endif
