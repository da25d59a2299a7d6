/*
 * Finds member names used twice in an object. Leaf of json/scan.c.
 *
 * Invariants: constant time a name: objects of up to JSON_NAMES_SMALL members compare with each of their names, larger
 * ones use one hash table a text, keyed against collisions. Memory is at most proportional to the text.
 */
#ifndef EVENTLOOP_JSON_NAMES_H
#define EVENTLOOP_JSON_NAMES_H

#include "base/macros.h"
#include "json/scan.h"

#include <stdbool.h>

#define JSON_NAMES_SMALL 16

/* Adds a raw name (escaped: it has escapes) to the innermost open object. False when it has that name already; sets no
 * fault. */
bool json_names_add(struct json_scanner *scanner, struct json_span raw, bool escaped) MUST_CHECK;

#endif
