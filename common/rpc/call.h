/*
 * A call as its handler sees it: parameters in, result or error out.
 *
 * Purpose: a handler is one straight-line function, `int listing_get(struct rpc_call *call)`, that reads like the
 * sentence which describes the method. It returns 0 after one of the rpc_reply functions, or -1 with the error in
 * call->ctx. Ownership: the dispatcher owns the call; everything a handler allocates comes from call->ctx. Invariants:
 * before a handler runs, the caller has been authenticated and has the access that the API file demands, and the
 * parameters fit the schema: strings are NFC, trimmed where the schema says so, numbers in range, nothing unknown.
 */
#ifndef EVENTLOOP_RPC_CALL_H
#define EVENTLOOP_RPC_CALL_H

#include "base/context.h"
#include "postgres/postgres.h"
#include "token/identity.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api_method;
struct daemon_worker;
struct rpc_call;
struct rpc_client;
struct rpc_write;
struct schema_result;

/* Looks up the right that the calling user has in the company now, where rights are kept. May suspend. 0, or -1 with an
 * error. */
typedef int rpc_right_function(struct rpc_call *call, const char *company_id, enum company_right *ret_right);
/* The same for whether the calling user belongs to the company, be it or the user suspended. */
typedef int rpc_member_function(struct rpc_call *call, const char *company_id, bool *ret);

struct rpc_call {
	struct context *ctx;
	const struct api_method *method;
	const struct identity *caller; /* never NULL; kind ANONYMOUS without a token */
	const char *token;	       /* the caller's access token, to pass on; NULL when anonymous */
	const char *peer;	       /* address of the client as the gateway saw it, "" when unknown */
	const char *user_agent;	       /* of the client, "" when unknown */
	struct json_object *params;    /* an object */
	const char *params_path;       /* where it stands, "/params/bookings/3"; NULL: "/params" (rpc_item) */
	struct daemon_worker *worker;  /* this thread's daemon: settings, clients */
	struct pg *db;		       /* this thread's database */
	struct rpc_client *client;     /* calls to other daemons */
	void *app;		       /* what the daemon's start function made for this thread */
	const char *result;	       /* JSON text; set by rpc_reply functions */
	size_t result_length;
	bool replayed; /* rpc_begin found the answer of an earlier call with the same key: it is the result already */
	struct rpc_write *write;	/* rpc_begin's and rpc_publish's own; starts as NULL */
	rpc_right_function *find_right; /* NULL: there is nothing but the token, as with the next */
	rpc_member_function *find_member;
};

typedef int rpc_handler_function(struct rpc_call *call);

struct rpc_handler {
	const char *name; /* "events.booking.create"; NULL ends a table */
	rpc_handler_function *function;
};

/* --- parameters. Names are those of the API file; "period.from" reaches into objects. --- */

/* A string as it is, any other value as its JSON text, NULL when absent or null. Ready to be a statement's value. */
const char *rpc_param(struct rpc_call *call, const char *name);
int64_t rpc_param_integer(struct rpc_call *call, const char *name, int64_t fallback);
bool rpc_param_boolean(struct rpc_call *call, const char *name, bool fallback);
/* The value itself, borrowed, or NULL. */
struct json_object *rpc_param_json(struct rpc_call *call, const char *name);
/* Checks that PostgreSQL knows the zone in the parameter time_zone, if there is one; the schema's format has checked
 * the daemon's own list before. 0, or -1 with the error that the format gives. */
int rpc_check_time_zone(struct rpc_call *call) MAY_SUSPEND MUST_CHECK;
/* The same call about one item of the array `name`, an object: its parameters are the item's members, and its errors
 * name their place. What it writes belongs to the call. */
struct rpc_call rpc_item(struct rpc_call *call, const char *name, size_t index);
/* The same call about parameters that were kept from another one, an object, which must live as long as the call. */
struct rpc_call rpc_with_params(struct rpc_call *call, struct json_object *params);
/* All parameters as one JSON text, for statements that take $1::jsonb. */
const char *rpc_params_text(struct rpc_call *call);

/* --- results. Each returns 0, so a handler can end with `return rpc_reply_...`. --- */

/* JSON text as it is (PostgreSQL made it). Borrowed: must live as long as the context does. */
int rpc_reply_text(struct rpc_call *call, const char *json, size_t length);
/* The first column of the first row, which is JSON; not_found for `noun` when there is no row. */
int rpc_reply_row(struct rpc_call *call, const struct pg_result *result, const char *noun);
/* A json-c value; takes the reference over. */
int rpc_reply_object(struct rpc_call *call, struct json_object *value);
/* Formatted JSON; the caller must make sure that it is well-formed. */
int rpc_reply_printf(struct rpc_call *call, const char *format, ...) PRINTF(2, 3);

/* --- errors. Each returns -1. --- */

/* not_found: "<noun> not found". */
int rpc_not_found(struct rpc_call *call, const char *noun);
/* conflict with a reason word. */
int rpc_conflict(struct rpc_call *call, const char *reason, const char *format, ...) PRINTF(3, 4);
/* The same with more members of error.data (JSON without braces: "\"price\":{}"). */
int rpc_conflict_with(struct rpc_call *call, const char *reason, const char *details, const char *format, ...)
    PRINTF(4, 5);
/* conflict stale_version: "the <noun> has changed since: get it again". For a write whose parameter version is no
 * longer the object's present version. */
int rpc_stale(struct rpc_call *call, const char *noun);
/* forbidden. */
int rpc_forbidden(struct rpc_call *call, const char *format, ...) PRINTF(2, 3);
/* precondition_failed: error.data.rule = rule, and details (JSON members without braces, e.g. "\"minimum\":3", or
 * NULL). The rule also ends the message, in brackets. Of an item (rpc_item) the data of this error, and of a conflict,
 * have its `path`. */
int rpc_precondition(struct rpc_call *call, const char *rule, const char *details, const char *format, ...)
    PRINTF(4, 5);
/* invalid_params for a rule the schema cannot say: path "/params/period/to", rule "after", expected JSON text or NULL.
 * The message is the rule's sentence (rpc/field_message.h). */
int rpc_invalid(struct rpc_call *call, const char *path, const char *rule, const char *expected);
/* invalid_params with what a validation found. */
int rpc_invalid_fields(struct context *ctx, const struct schema_result *result);
/* too_large where a result that follows from the parameters would be: data as of rpc_invalid, path is the parameter
 * that makes it so. */
int rpc_too_large(struct rpc_call *call, const char *path, const char *rule, const char *expected, const char *format,
		  ...) PRINTF(5, 6);

/* --- access beyond x-access. 0, or -1 with forbidden. --- */

/* The caller has at least `right` in the company (moderators and admins do not count; services do). Asks passport when
 * a user's token does not have it: it may be newer than the token, or left out for lack of room. For a client (an
 * integration with an API key) the token has all. */
int rpc_require_right(struct rpc_call *call, const char *company_id, enum company_right right) MAY_SUSPEND MUST_CHECK;
/* The same as a question: 1 or 0; -1 with an error when it is not known. */
int rpc_has_right(struct rpc_call *call, const char *company_id, enum company_right right) MAY_SUSPEND MUST_CHECK;
/* After a failed check of the above, for objects whose existence the caller may not learn: turns forbidden into
 * not_found for `noun`; another error stays. Returns -1. */
int rpc_hide(struct rpc_call *call, const char *noun);
/* *ret: the calling user belongs to the company now, be it or the user suspended. From the token if it says so, else
 * from passport: unavailable when that cannot be asked. False for a caller that is no user. 0, or -1 with an error. */
int rpc_caller_is_member(struct rpc_call *call, const char *company_id, bool *ret) MAY_SUSPEND MUST_CHECK;
/* The caller has one of the platform roles. */
bool rpc_caller_has_role(const struct rpc_call *call, unsigned roles);
/* The caller's user id; NULL when anonymous, a service or a client. */
const char *rpc_caller_id(const struct rpc_call *call);
/* The id of the user who made the API key that calls; NULL when no client calls, or it is not known. */
const char *rpc_caller_created_by(const struct rpc_call *call);

/* --- writes. A method that changes something runs in one transaction, with its facts and its idempotency key. --- */

/* Opens a transaction and claims params.idempotency_key when the method takes one. When an earlier call with this key
 * and the same parameters was answered, its answer becomes the result, call->replayed is set and NULL is returned
 * WITHOUT an error: the handler then returns rpc_replayed(call). conflict with reason "idempotency_key" for other
 * parameters; unauthenticated, reason "revoked", at the first statement, for a user who was erased meanwhile
 * (rpc/erased_user.h). */
struct pg_tx *rpc_begin(struct rpc_call *call) MAY_SUSPEND MUST_CHECK;
/* The same for the erasure of the calling user's account: waits until no other write of the user is under way, and
 * makes later ones wait, which then find the user erased. */
struct pg_tx *rpc_begin_alone(struct rpc_call *call) MAY_SUSPEND MUST_CHECK;
/* For `if (!tx) return rpc_replayed(call);`: 0 when the result is a replay, else -1. */
int rpc_replayed(struct rpc_call *call);
/* Writes a fact into the outbox in the transaction: topic "events.booking.created", key (ordering and deduplication
 * subject, e.g. the listing's id), payload JSON text. */
int rpc_publish(struct rpc_call *call, struct pg_tx *tx, const char *topic, const char *key,
		const char *payload) MAY_SUSPEND MUST_CHECK;
/* Runs once a transaction with facts has been committed, in the thread that did; it must not suspend. */
typedef void rpc_published_function(void);
/* Sets that function (the relay's, which delivers the facts). */
void rpc_on_published(rpc_published_function *function);
/* function(call, argument) runs once the call's transaction has been committed by one of the functions below; not at
 * all when that fails. In the order of registration; the same function and argument are registered once. It may
 * suspend, and must not leave an error in the context. */
void rpc_after_commit(struct rpc_call *call, void (*function)(struct rpc_call *call, void *argument), void *argument);
/* Commits without making an answer. */
int rpc_commit(struct rpc_call *call, struct pg_tx *tx) MAY_SUSPEND MUST_CHECK;
/* Runs a last statement and commits, in one round trip; the result only when the server confirmed both. Makes no
 * answer.
 */
struct pg_result *rpc_commit_query_values(struct rpc_call *call, struct pg_tx *tx, const char *sql, size_t count,
					  const char *const *values) MAY_SUSPEND MUST_CHECK;
#define rpc_commit_query(call, tx, sql, ...) rpc_commit_query_values((call), (tx), (sql), PG_VALUES(__VA_ARGS__))
/* Takes the first column of the first row as the result object, adds `seq`, stores it under the idempotency key,
 * commits, and replies. not_found for `noun` when there is no row. */
int rpc_commit_row(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *result,
		   const char *noun) MAY_SUSPEND MUST_CHECK;
/* The same with a JSON object text. */
int rpc_commit_text(struct rpc_call *call, struct pg_tx *tx, const char *json) MAY_SUSPEND MUST_CHECK;

#endif
