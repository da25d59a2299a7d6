/*
 * The machine that runs compiled schemas: a stack of applications of a schema to a value.
 *
 * An application runs its leaves when it is pushed and its applicators one after the other. An applicator applies a
 * schema with machine_apply: one of leaves alone is done at once, any other is pushed, the applicator returns PUSHED
 * and is called again when that has ended, its outcome in machine->outcome. Quiet applications (below not, if, anyOf,
 * oneOf, contains, propertyNames) report nothing and stop at the first fault.
 */
#ifndef EVENTLOOP_SCHEMA_MACHINE_H
#define EVENTLOOP_SCHEMA_MACHINE_H

#include "schema/internal.h"

#define MACHINE_FRAMES 16	  /* applications kept without allocating */
#define MACHINE_FRAMES_MAX 20000U /* applications within each other */

/* Where a value is in the one that the application around it looks at. */
struct machine_place {
	enum { PLACE_SAME, PLACE_MEMBER, PLACE_ITEM } kind;
	const char *key;
	size_t index;
};

struct machine_frame {
	const struct schema *schema;
	struct json_object *instance;
	struct machine_place place;
	struct lh_entry *entry;	       /* the member that the applicator is at */
	struct json_object *temporary; /* a value made for a child, owned; NULL for none */
	size_t step;		       /* how far the applicator is */
	uint32_t operation;	       /* the applicator that runs */
	uint32_t part;		       /* of a member: which schemas have been applied */
	uint32_t matched;	       /* what it counted */
	bool started;		       /* the applicator was called before */
	bool quiet;
	bool valid;
};

struct machine {
	struct arena *arena;
	struct schema_result *result;
	const char *prefix;
	struct schema_matcher *matcher;
	struct machine_frame *frames;
	size_t depth, capacity;
	struct machine_place tip; /* below the innermost frame: what leaves look at without a frame */
	unsigned flags;
	uint32_t steps;
	bool outcome; /* of the last application that ended */
	bool stopped; /* enough errors, or a bound was passed */
	struct machine_frame first_frames[MACHINE_FRAMES];
};

enum machine_progress { MACHINE_DONE, MACHINE_PUSHED };

/* Reports a violated rule at the innermost frame and tip, or at a member of that value; not when quiet. */
void machine_report(struct machine *machine, bool quiet, const char *rule, const char *expected, const char *member);

/* Marks the frame's value as violating the rule. */
void machine_fail(struct machine *machine, struct machine_frame *frame, const char *rule, const char *expected,
		  const char *member);

/* Counts work; false when there was too much of it, which stops the machine. */
bool machine_count(struct machine *machine, uint32_t steps);

/* True when the pattern is found in the text. Counts the work: a match that exceeds its limit, or in a stopped machine,
 * is false. */
bool machine_matches(struct machine *machine, const struct schema_pattern *pattern, const char *text,
		     size_t length) MUST_CHECK;

/* Runs the leaves of a schema on a value. *ret_mistyped: it is of another type, so other rules need not be reported. */
bool machine_leaves(struct machine *machine, const struct schema *schema, struct json_object *instance, bool quiet,
		    bool *ret_mistyped) MUST_CHECK;

/* Applies a schema to a value. True when that is done, its outcome in machine->outcome; false when it was pushed:
 * frames may have moved then. */
bool machine_apply(struct machine *machine, const struct schema *schema, struct json_object *instance,
		   struct machine_place place, bool quiet) MUST_CHECK;

/* Goes on with the frame's applicator. */
enum machine_progress machine_applicator(struct machine *machine, struct machine_frame *frame,
					 const struct schema_operation *operation);

/* The applicators for objects. */
enum machine_progress machine_members(struct machine *machine, struct machine_frame *frame,
				      const struct schema_operation *operation);
enum machine_progress machine_property_names(struct machine *machine, struct machine_frame *frame,
					     const struct schema_operation *operation);
enum machine_progress machine_dependencies(struct machine *machine, struct machine_frame *frame,
					   const struct schema_operation *operation);

#endif
