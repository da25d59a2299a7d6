/*
 * The facts of a daemon: what it publishes, and what it consumes of others' (<daemon>/api/facts.json).
 *
 * Purpose: a topic is one of a list, and its payload has a schema. Form: {"facts": [{"topic", "summary", "key": what
 * the key is, "payload": schema, "example": a payload}], "consumes": [{"topic", "payload": schema}]}, either of them or
 * both. Schemas may refer to the daemon's component schemas. The publisher's is what it promises; the consumer's is
 * what it needs of that and no more, so it goes on when a newer publisher says more (tests/lint/check_facts.py and
 * tests/unit/api/test_files.c hold the two against each other). Both are part of the document, as x-facts and
 * x-consumes; the merged document has x-facts, each with its consumers.
 */
#ifndef EVENTLOOP_API_FACTS_H
#define EVENTLOOP_API_FACTS_H

#include "api/api.h"

/* The schema of the payload of a topic that the daemon publishes; NULL when it is not in its list. */
const struct schema *api_published(const struct api *api, const char *topic);

/* The schema of what the daemon reads of a topic of others; NULL when it is not in its list. */
const struct schema *api_consumed(const struct api *api, const char *topic);

/* How many topics it consumes. */
size_t api_consumed_count(const struct api *api);

#endif
