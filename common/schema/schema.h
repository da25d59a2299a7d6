/*
 * JSON Schema draft-07: compiled once at start, then run against trees.
 *
 * Purpose: checks the parameters of every call (and in tests every result) against the API files.
 * Ownership: a set owns its document (a reference of it) and the programs; schemas are borrowed from their set. A
 * result's texts are in the arena given. Invariants: a compiled schema is read-only and may be used by several threads
 * at once. No recursion on the instance; the work of one validation is bounded (SCHEMA_STEPS_MAX, match limits of
 * patterns), passing a bound is an error like any other, with rule "complexity". A $ref that leads back to itself
 * without going into the instance does not compile. Covered: every keyword of draft-07 but remote references (a $ref
 * must lead into the same document, by pointer or by a $id in it). Formats date-time, date, email, uri and uuid are
 * enforced, and our own display-name (text_is_display_name), line (text_is_line), currency, country, language-tag and
 * time-zone (code_list.h), others ignored. Patterns are PCRE2 with the semantics of ECMA 262 for $ . \d \w \u, in
 * UTF-8. Our own keyword: `"x-trim": true` in a schema for strings: leading and trailing white space does not count for
 * the other keywords beside it, and with SCHEMA_NORMALIZE is removed from the instance. With it ids (format uuid) must
 * be in lower case, since handlers store them and compare them as texts. Source: draft-handrews-json-schema-01,
 * draft-handrews-json-schema-validation-01.
 */
#ifndef EVENTLOOP_SCHEMA_SCHEMA_H
#define EVENTLOOP_SCHEMA_SCHEMA_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/macros.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#define SCHEMA_ERRORS_MAX 8	  /* errors reported of one instance */
#define SCHEMA_EXPECTED_MAX 200	  /* longest keyword value repeated in an error, in bytes of JSON */
#define SCHEMA_STEPS_MAX 4000000U /* applications of a keyword in one validation */

#define SCHEMA_NORMALIZE 1U /* trim strings of the instance where x-trim says so; take uuids in lower case alone */

struct schema_set;
struct schema;

/* One violated rule. */
struct schema_error {
	const char *path;     /* JSON pointer of the offending value, after the prefix given: "/params/period/from" */
	const char *rule;     /* the keyword: "maxLength"; "required" has the path of the missing member */
	const char *expected; /* JSON text of the keyword's value; NULL when it is long */
};

/* The outcome of a validation. */
struct schema_result {
	size_t count; /* of errors; 0 when the instance is valid */
	struct schema_error errors[SCHEMA_ERRORS_MAX];
};

/* Takes a reference of a JSON document that has schemas in it. Free with schema_set_free. */
struct schema_set *schema_set_new(struct json_object *document);

/* Frees the set and every schema of it. Safe with NULL. */
void schema_set_free(struct schema_set *set);

/* Compiles the schema at a JSON pointer of the document ("" for the document itself), and what it refers to; compiling
 * the same one again returns the same schema. NULL with a text in error that names place and rule. */
const struct schema *schema_set_compile(struct schema_set *set, const char *pointer, char *error,
					size_t error_size) MUST_CHECK;

/* Gives back what only compiling needs, the document above all: nothing more may be compiled. */
void schema_set_finish(struct schema_set *set);

/* Validates the instance (NULL is JSON null). prefix: put before each path ("" or "/params"). flags: SCHEMA_NORMALIZE
 * or 0; with 0 the instance is not changed. Returns true when valid; *ret_result is filled either way. */
bool schema_validate(const struct schema *schema, struct json_object *instance, const char *prefix, unsigned flags,
		     struct arena *arena, struct schema_result *ret_result) MUST_CHECK;

/* Appends the errors as the array that error.data.fields is: [{"path":..,"rule":..,"expected":..}]. */
void schema_result_write(const struct schema_result *result, struct buffer *buffer);

#endif
