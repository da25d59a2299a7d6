/*
 * Between JSON text and trees of json-c.
 *
 * Purpose: the only conversion between text and trees, so that exact numbers stay exact.
 * Ownership: trees are json-c's: json_object_put by whoever gets one (in requests by context_defer).
 * Invariants: integers of 64 bits stay exact; larger numbers, and those with fraction or exponent, become doubles. A
 * tree made here has no string with U+0000. Nothing recurses; trees nested deeper than JSON_DEPTH_MAX (which none made
 * here is) fail to be written and equal nothing.
 */
#ifndef EVENTLOOP_JSON_TREE_H
#define EVENTLOOP_JSON_TREE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/macros.h"
#include "json/scan.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_TREE_NFC 1U   /* bring string values (not member names) to Unicode NFC */
#define JSON_TREE_WHOLE 2U /* 5.0 and 5e0 become the integer 5, which JSON Schema says they are */

/* Builds the tree of text that passed json_scan (a span of an envelope, for example); other text is undefined. arena:
 * for work space. *ret_tree is NULL for JSON null. False only when memory ran out. */
bool json_tree_build(const char *text, size_t length, unsigned flags, struct arena *arena,
		     struct json_object **ret_tree) MUST_CHECK;

/* Checks and builds. False with *ret_error filled when the text is not acceptable. */
bool json_tree_parse(const char *text, size_t length, unsigned max_depth, unsigned flags, struct arena *arena,
		     struct json_object **ret_tree, struct json_error *ret_error) MUST_CHECK;

/* Appends the tree as compact JSON text. NULL appends null; doubles are written so that they read back the same. */
void json_tree_write(struct json_object *tree, struct buffer *buffer);

/* True when both are the same JSON value: numbers by value (1 equals 1.0), objects whatever the order. */
bool json_tree_equal(struct json_object *one, struct json_object *other) MUST_CHECK;

/* A hash that is equal for equal values (json_tree_equal). Differs between processes. */
uint64_t json_tree_hash(struct json_object *tree) MUST_CHECK;

/* Finds the value at a JSON pointer (RFC 6901, "" or "/a/0"; or in its URI fragment form, "#/a/0"). False when there is
 * none. *ret is borrowed, and NULL for JSON null. */
bool json_tree_pointer(struct json_object *tree, const char *pointer, struct json_object **ret) MUST_CHECK;

#endif
