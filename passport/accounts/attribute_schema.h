/*
 * Attributes of users that an administrator defines: one JSON Schema (draft-07) says what they may hold.
 *
 * Invariants: the schema is one of an object, compiles under our validator and is at most 16 KiB long. Attributes are
 * validated against the present schema when they are written; a later schema does not change stored ones, but the next
 * update must fit it.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_ATTRIBUTE_SCHEMA_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_ATTRIBUTE_SCHEMA_H

#include "rpc/call.h"

int attribute_schema_get(struct rpc_call *call) MAY_SUSPEND;
int attribute_schema_set(struct rpc_call *call) MAY_SUSPEND;

/* Holds params.attributes against the schema, which stays as it is until tx ends; trims texts where the schema says so.
 * 0, also when there are none; -1 with invalid_params whose fields have paths under /params/attributes. */
int attributes_check(struct rpc_call *call, struct pg_tx *tx) MAY_SUSPEND MUST_CHECK;

#endif
