/*
 * Which companies have listings: asked by passport before the last of a company's people goes.
 */
#ifndef EVENTLOOP_EVENTS_COMPANY_LISTINGS_H
#define EVENTLOOP_EVENTS_COMPANY_LISTINGS_H

#include "rpc/call.h"

int company_listings(struct rpc_call *call) MAY_SUSPEND;

#endif
