/*
 * Which companies have listings: passport asks before the last member of a company erases the account.
 */
#ifndef EVENTLOOP_EVENTS_COMPANY_LISTINGS_H
#define EVENTLOOP_EVENTS_COMPANY_LISTINGS_H

#include "rpc/call.h"

int company_listings(struct rpc_call *call) MAY_SUSPEND;

#endif
