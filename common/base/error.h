/*
 * The error of a request: a message that a client may see, and a cause that only the log shows.
 *
 * Purpose: one object a request, filled by the layer that detects the fault, read by the layer that answers and logs.
 * Ownership: lives in struct context; its texts are copied in or static.
 * Invariants: the first error wins: setting a second one is ignored until error_clear, so that a lower layer's cause is
 * never overwritten. Nothing here is thread-local.
 * Source: docs/errors.md, JSON-RPC 2.0 section 5.1.
 */
#ifndef EVENTLOOP_BASE_ERROR_H
#define EVENTLOOP_BASE_ERROR_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

/* X(name, JSON-RPC code, word): the whole set of errors a client can meet. */
#define ERROR_CODES(X)                                        \
	X(PARSE, -32700, "parse_error")                       \
	X(INVALID_REQUEST, -32600, "invalid_request")         \
	X(METHOD_NOT_FOUND, -32601, "method_not_found")       \
	X(INVALID_PARAMS, -32602, "invalid_params")           \
	X(INTERNAL, -32603, "internal")                       \
	X(UNAUTHENTICATED, -32001, "unauthenticated")         \
	X(FORBIDDEN, -32003, "forbidden")                     \
	X(NOT_FOUND, -32004, "not_found")                     \
	X(CONFLICT, -32009, "conflict")                       \
	X(PRECONDITION_FAILED, -32012, "precondition_failed") \
	X(TOO_LARGE, -32013, "too_large")                     \
	X(RATE_LIMITED, -32029, "rate_limited")               \
	X(UNAVAILABLE, -32050, "unavailable")                 \
	X(DEADLINE_EXCEEDED, -32051, "deadline_exceeded")     \
	X(OVERLOADED, -32052, "overloaded")

enum error_code {
	ERROR_NONE = 0,
#define X(name, number, word) ERROR_##name,
	ERROR_CODES(X)
#undef X
};

/* Zero-initialised means "no error". */
struct error {
	enum error_code code;
	const char *file; /* where it was set */
	int line;
	int retry_after_ms; /* 0: not said */
	char reason[40];    /* error.data.reason: one word, e.g. "stale_version"; "" for none */
	char message[200];  /* for the client, one line; "" takes the code's own message */
	char cause[400];    /* for the log only */
	const char
	    *details; /* JSON object text merged into error.data (fields, rule, ...), in the request's arena; or NULL */
	char sqlstate[6];    /* of the PostgreSQL error behind it, or "" */
	char constraint[64]; /* the violated constraint, or "" */
};

/* The number of JSON-RPC for the code. */
int error_number(enum error_code code);

/* The word of error.data.code. Static. */
const char *error_word(enum error_code code);

/* The code of a JSON-RPC number; ERROR_INTERNAL for one we do not know. */
enum error_code error_from_number(int number);

/* Sets code, reason (may be NULL) and a formatted client message (may be NULL); ignored when an error is set already.
 * Always returns -1, so that callers can return it. */
int error_set_at(struct error *error, const char *file, int line, enum error_code code, const char *reason,
		 const char *format, ...) PRINTF(6, 7);

/* Adds the internal cause; ignored when there is one already. */
void error_set_cause(struct error *error, const char *format, ...) PRINTF(2, 3);

/* Whether it is that code with that reason. */
bool error_is(const struct error *error, enum error_code code, const char *reason);

/* Back to "no error". */
void error_clear(struct error *error);

#define error_set(error, ...) error_set_at((error), __FILE__, __LINE__, __VA_ARGS__)

#endif
