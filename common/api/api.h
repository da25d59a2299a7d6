/*
 * The catalogue of a daemon's methods, made at start from its embedded API files (<daemon>/api, *.json).
 *
 * Purpose: dispatch, validation, access, idempotency, deadlines and the OpenRPC document all come from here
 * (docs/adding-a-method.md). A file is {"methods": [OpenRPC method objects], "components": {"schemas": {name: schema},
 * "examples": {name: {"value": any}}}}, schemas.json and examples.json have components alone, facts.json has lists of
 * facts (api/facts.h). Schemas are referred to as "#/components/schemas/Name" from any file of the daemon; component
 * examples likewise (api_examples_read in api/internal.h), and the document has whole ones; errors as
 * "#/components/errors/<word>", which are made from base/error.h, with "x-reasons": [words] and, of invalid_params,
 * precondition_failed and too_large, "x-rules": {rule: {member: schema}}, the values that stand beside a rule in
 * error.data; errors that follow from access and parameters, or that any method can answer, are added by errors.c. A
 * method object must have name, summary, params (by name, the required ones first), result ({"x-page-of": schema} for
 * one page of a list), examples, x-access, x-cost; it may have description (else the summary); x-idempotent (else true:
 * it reads); x-deadline-ms (else 3000, 5000 of what writes); errors; x-writes; x-auth-max-age, in seconds: a user must
 * have authenticated within them, and an administrator acting as the user may not call it; x-long-poll; and x-lane,
 * what its work grows with (enum api_lane). The document says more than the files: what follows from them is added when
 * it is made (api/publish.h), and the dates of examples are moved when it is served (api/dates.h). Ownership: the api
 * owns everything; what its functions return is borrowed. api_free at the end. It keeps what calls need and the
 * document as text: trees of JSON would be ten times as large. Invariants: read-only once loaded; safe to use from
 * several threads.
 * Source: OpenRPC 1.2.6.
 */
#ifndef EVENTLOOP_API_API_H
#define EVENTLOOP_API_API_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/embed.h"
#include "base/macros.h"
#include "schema/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API_NAME_MAX 128 /* bytes of a method's name */

/* X(name, word in x-access): who may call. A method lists one or more; a caller who is any of them may. */
#define API_ACCESS(X)                         \
	X(PUBLIC, "public")                   \
	X(USER, "user")                       \
	X(MODERATOR, "moderator")             \
	X(ADMIN, "admin")                     \
	X(SERVICE, "service")                 \
	X(CLIENT, "client")                   \
	X(COMPANY_OWNER, "company:owner")     \
	X(COMPANY_MANAGER, "company:manager") \
	X(COMPANY_STAFF, "company:staff")

enum api_access_bit {
#define X(name, word) API_ACCESS_BIT_##name,
	API_ACCESS(X)
#undef X
};

enum api_access {
#define X(name, word) API_ACCESS_##name = 1U << API_ACCESS_BIT_##name,
	API_ACCESS(X)
#undef X
	    API_ACCESS_COMPANY = API_ACCESS_COMPANY_OWNER | API_ACCESS_COMPANY_MANAGER | API_ACCESS_COMPANY_STAFF
};

/* X(name, word in x-lane): methods whose work grows with the data, kept apart from those that read a few rows. */
#define API_LANES(X)        \
	X(SEARCH, "search") \
	X(EXPORT, "export")

enum api_lane {
	API_LANE_POINT, /* no x-lane: its work is bounded whatever is stored */
#define X(name, word) API_LANE_##name,
	API_LANES(X)
#undef X
	    API_LANE_COUNT
};

struct api;

/* One method. */
struct api_method {
	const char *name;
	size_t name_length;
	size_t index;	 /* 0 to api_count - 1, in the order of the files */
	unsigned access; /* of enum api_access, or-ed */
	bool idempotent; /* a second call changes nothing more: may be retried */
	bool writes;	 /* it changes something: set if not idempotent, or by x-writes */
	bool long_poll;	 /* waits for an event, so its duration says nothing about the daemon's speed */
	int64_t deadline_us;
	int64_t auth_max_age_us;     /* how long ago a user may have authenticated; 0: as long as the token lives */
	unsigned cost;		     /* its work, in steps of 100 microseconds */
	enum api_lane lane;	     /* what its work grows with */
	const struct schema *params; /* one object: the by-name parameters, no others allowed */
	const struct schema *result;
	bool none_required;	      /* it can be called without parameters */
	const char *const *droppable; /* optional parameters whose schema does not take null: null is as if absent */
	size_t droppable_count;
};

/* What a document says of itself as a whole. */
struct api_about {
	const char *title, *version;
	const char *server; /* where calls are posted to, "https://api.example/rpc"; NULL or empty: not told */
};

/* Loads and checks the files (a table ended by a NULL name). NULL with an error text that names file, method and rule.
 */
struct api *api_load(const struct embedded_file *files, const struct api_about *about, char *error,
		     size_t error_size) MUST_CHECK;

/* Frees the api. Safe with NULL. */
void api_free(struct api *api);

/* Finds a method by its name, without allocating; NULL when there is none. */
const struct api_method *api_find(const struct api *api, const char *name, size_t length);

/* The schema of a component of that name, for what is checked outside of calls (an import's lines); NULL when there is
 * none. */
const struct schema *api_component(const struct api *api, const char *name);

/* The number of methods, and the method with an index below it. */
size_t api_count(const struct api *api);
const struct api_method *api_at(const struct api *api, size_t index);

/* The OpenRPC document as JSON text, its examples dated as in the files; borrowed. */
const char *api_document(const struct api *api);

/* The same for rpc.discover and /openrpc.json at a wall time (microseconds): dates that are in the future in the
 * examples are moved to stay in the future (api/dates.h). In the arena. */
const char *api_document_at(const struct api *api, int64_t now, struct arena *arena);

/* The word of one access flag in x-access; NULL for none. */
const char *api_access_word(enum api_access access);

/* The word of a lane in x-lane; NULL for API_LANE_POINT. */
const char *api_lane_word(enum api_lane lane);

/* The lane of a word; API_LANE_COUNT when there is none of that name. NULL: API_LANE_POINT. */
enum api_lane api_lane_find(const char *word);

/* An OpenRPC document to merge. */
struct api_source {
	const char *name; /* of its daemon, for errors */
	const char *text; /* the document */
	size_t length;
};

/* Merges documents into one: methods in the order given, the component schemas that they use (whose names begin with
 * their daemon's already), errors shared. Methods whose x-access is service alone are left out when public_only.
 * Appends the text to target; false with an error text when a source is no OpenRPC document. */
bool api_merge_documents(const struct api_source *sources, size_t count, const struct api_about *about,
			 bool public_only, struct arena *arena, struct buffer *target, char *error,
			 size_t error_size) MUST_CHECK;

#endif
