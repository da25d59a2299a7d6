/*
 * Visits a json-c tree in order without recursion. Leaf of json/tree.h.
 *
 * Use: json_walk_init, then json_walk_next until WALK_END. Invariants: the tree does not change meanwhile; a tree
 * nested deeper than JSON_DEPTH_MAX ends with WALK_TOO_DEEP.
 */
#ifndef EVENTLOOP_JSON_WALK_H
#define EVENTLOOP_JSON_WALK_H

#include "json/scan.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_walk_event {
	WALK_END,
	WALK_TOO_DEEP,
	WALK_SCALAR, /* value is neither object nor array */
	WALK_OPEN,   /* value is a container; its elements follow */
	WALK_CLOSE   /* value is the container that ended */
};

struct json_walk_level {
	struct json_object *container;
	struct lh_entry *entry; /* of the current member */
	size_t index;		/* elements begun */
};

struct json_walk {
	struct json_object *value; /* of the last event */
	uint32_t depth;		   /* containers around the value (at WALK_OPEN and WALK_CLOSE without itself) */
	uint32_t open;		   /* levels in use */
	bool started;
	struct json_walk_level levels[JSON_DEPTH_MAX];
};

/* Starts at a tree (NULL is JSON null). */
void json_walk_init(struct json_walk *walk, struct json_object *tree);

/* Moves to the next event. */
enum json_walk_event json_walk_next(struct json_walk *walk);

/* After any event but WALK_END: the member name of the value, NULL when its parent is no object or it has none. */
const char *json_walk_key(const struct json_walk *walk);

/* After any event but WALK_END: the index of the value in its parent, from 0. */
size_t json_walk_index(const struct json_walk *walk);

#endif
