/*
 * One change of the catalogue: the steps that types, categories and properties share.
 */
#ifndef EVENTLOOP_EVENTS_CHANGE_H
#define EVENTLOOP_EVENTS_CHANGE_H

#include "rpc/call.h"

/* A kind of definition. All static. */
struct definition {
	const char *noun;    /* "listing type" */
	const char *created; /* topic of the fact: "events.type.created" */
	const char *changed; /* "events.type.changed" */
	const char *insert;  /* $1: all parameters as jsonb; returns the JSON */
	const char *update;  /* $1: all parameters as jsonb (key, version, ...); returns the JSON, or no row */
	const char *archive; /* likewise */
	const char *exists;  /* $1: key */
	const char *list;    /* $1: all parameters as jsonb; returns one row: {"items": [...]} */
	const char *get;     /* $1: key; returns the JSON */
};

/* Replies with all that the call's parameters ask for. */
int definition_list(struct rpc_call *call, const struct definition *definition) MAY_SUSPEND;

/* Replies with the one whose key the call names. */
int definition_get(struct rpc_call *call, const struct definition *definition) MAY_SUSPEND;

/* Inserts; a key that exists is a conflict with reason key_taken. */
int definition_create(struct rpc_call *call, const struct definition *definition) MAY_SUSPEND;

/* Runs sql (definition->update or ->archive) under the version rule. */
int definition_change(struct rpc_call *call, const struct definition *definition, const char *sql) MAY_SUSPEND;

#endif
