/*
 * The methods of the daemons, by the latest document of each.
 *
 * Purpose: finds a method by its name, whose first segment is its daemon; what is for daemons only is not in it.
 * Ownership: copies what it needs of a document. Invariants: a daemon's methods are those of the last document learnt
 * of it, so one that a newer daemon has dropped is unknown; a lookup returns a copy, which stays valid when newer
 * documents are learnt.
 */
#ifndef EVENTLOOP_GATEWAY_ROUTES_METHOD_TABLE_H
#define EVENTLOOP_GATEWAY_ROUTES_METHOD_TABLE_H

#include "base/macros.h"
#include "limits/buckets.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct method_table;

/* A method that may come from outside. */
struct remote_method {
	const char *daemon; /* as it was given to method_table_new */
	bool idempotent;
	bool public;	  /* anybody may call it, also with a void token */
	int64_t deadline; /* microseconds that its daemon gives it */
	struct charge charge;
};

enum methods_answer {
	METHODS_KNOWN,
	METHODS_UNKNOWN, /* no such method */
	METHODS_UNSURE	 /* its daemon has not told its methods yet */
};

/* daemons: their names, which outlive the table. */
struct method_table *method_table_new(const char *const *daemons, size_t count);

/* Safe with NULL. */
void method_table_free(struct method_table *table);

/* Takes an OpenRPC document as what the daemon with this index has now, and removes from it what strangers may not
 * call. */
void method_table_learn(struct method_table *table, size_t daemon, struct json_object *document);

/* Finds a method by name; *ret is filled when it is known. */
enum methods_answer method_table_find(const struct method_table *table, const char *name, size_t length,
				      struct remote_method *ret) MUST_CHECK;

#endif
