/*
 * What administrators define: listing types, property categories, properties. The methods events.type.*,
 * events.property_category.* and events.property.*.
 *
 * Invariants: keys never change and nothing is deleted, only archived, so that listings and saved searches keep their
 * meaning. Every change counts catalogue_revision up.
 */
#ifndef EVENTLOOP_EVENTS_DEFINITION_H
#define EVENTLOOP_EVENTS_DEFINITION_H

#include "rpc/call.h"

int type_list(struct rpc_call *call) MAY_SUSPEND;
int type_get(struct rpc_call *call) MAY_SUSPEND;
int type_create(struct rpc_call *call) MAY_SUSPEND;
int type_update(struct rpc_call *call) MAY_SUSPEND;
int type_archive(struct rpc_call *call) MAY_SUSPEND;

int property_category_list(struct rpc_call *call) MAY_SUSPEND;
int property_category_get(struct rpc_call *call) MAY_SUSPEND;
int property_category_create(struct rpc_call *call) MAY_SUSPEND;
int property_category_update(struct rpc_call *call) MAY_SUSPEND;
int property_category_archive(struct rpc_call *call) MAY_SUSPEND;

int property_list(struct rpc_call *call) MAY_SUSPEND;
int property_get(struct rpc_call *call) MAY_SUSPEND;
int property_create(struct rpc_call *call) MAY_SUSPEND;
int property_update(struct rpc_call *call) MAY_SUSPEND;
int property_archive(struct rpc_call *call) MAY_SUSPEND;

#endif
