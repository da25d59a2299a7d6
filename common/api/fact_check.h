/*
 * Facts against their lists (api/facts.h), when they are published and when they are consumed.
 *
 * Purpose: a daemon publishes only payloads that fit its list, and a handler gets only payloads that it can read. Use:
 * the process sets its lists once at its start; rpc_publish and the consumer's side of the outbox check. A payload that
 * is not valid is refused and counted in eventloop_facts_invalid_total{side}; a topic that is in no list passes, is
 * logged, one line a second at most, and counted in eventloop_facts_unknown_total{side}: a newer daemon may know more.
 * side: "published" or "consumed". Invariants: the lists are read-only while facts flow, so any thread may ask. A
 * process without lists (a unit test) checks nothing.
 */
#ifndef EVENTLOOP_API_FACT_CHECK_H
#define EVENTLOOP_API_FACT_CHECK_H

#include "api/api.h"
#include "base/context.h"

/* Sets the lists: api has what this daemon publishes and consumes; files, a table ended by a NULL name, are the
 * facts.json of all daemons, whose topics are known. False with an error text. */
bool fact_check_begin(const struct api *api, const struct embedded_file *files, char *error,
		      size_t error_size) MUST_CHECK;

/* Forgets them; safe without. */
void fact_check_end(void);

/* A payload (JSON text) about to be published. 0, or -1 with an internal error. */
int fact_check_published(struct context *ctx, const char *topic, const char *payload) MUST_CHECK;

/* A payload about to be handled. 0, or -1 with an internal error. */
int fact_check_consumed(struct context *ctx, const char *topic, struct json_object *payload) MUST_CHECK;

/* A topic that this daemon does not handle: logs and counts it when it is in no list. */
void fact_check_unhandled(struct context *ctx, const char *topic);

#endif
