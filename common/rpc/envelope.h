/*
 * The envelope of JSON-RPC: finds the calls of a request text, and the parts of a reply, without building a tree.
 *
 * Purpose: the gateway and the link route, number and splice calls as text; only the method that handles a call builds
 * a tree, of its params alone (json/tree.h).
 * Ownership: spans point into the caller's text, which must outlive the envelope; the array of a batch, and a method
 * name written with escapes, are in the arena.
 * Invariants: a text that passed was checked whole by json/scan.h. A call with fault == NULL has a method; its
 * params, when present, are an object or an array; its id, when present, is a string, a number or null. JSON that
 * I-JSON forbids (json_fault_is_unfit) fails only the call that contains it: in params it sets params_error, and they
 * may be forwarded as text but not read; elsewhere it sets fault, and the part with it is left out of the call. Use:
 * envelope_scan; answer the whole text with an error when the status is not ENVELOPE_OK; else run each call and answer
 * those that are no notifications, with the id as it came. Source: JSON-RPC 2.0 sections 4, 5 and 6.
 */
#ifndef EVENTLOOP_RPC_ENVELOPE_H
#define EVENTLOOP_RPC_ENVELOPE_H

#include "base/arena.h"
#include "base/macros.h"
#include "json/scan.h"

#include <stdbool.h>
#include <stddef.h>

#define ENVELOPE_ID_MAX 256 /* bytes of an id as text, quotes included */

/* One call. */
struct envelope_call {
	const char *fault;	 /* why it is an invalid request, one line; NULL when it is valid */
	struct json_span method; /* unescaped, without quotes */
	struct json_span id;	 /* JSON text as it came; data NULL when absent or of an illegal kind */
	struct json_span params; /* JSON text of an object or array; data NULL when absent */
	struct json_span meta;	 /* JSON text of an object; data NULL when absent (the link's, see link/meta.h) */
	struct json_span text;	 /* the whole call */
	struct json_error params_error; /* why params must not be read, JSON_OK when they may; offset in params */
	bool notification;		/* valid and without id: nothing is answered */
};

enum envelope_status {
	ENVELOPE_OK,
	ENVELOPE_PARSE_ERROR,	  /* no acceptable JSON: -32700 */
	ENVELOPE_INVALID_REQUEST, /* JSON, but neither call nor batch, or an empty batch: -32600 */
	ENVELOPE_TOO_LARGE	  /* nested too deep, too long, or too many calls: -32013 */
};

struct envelope {
	enum envelope_status status;
	char message[120];	     /* for the client when status is not ENVELOPE_OK; names the rule and the place */
	struct json_error json;	     /* the scanner's fault, when it was one */
	bool batch;		     /* answer with an array, also for one call */
	size_t count;		     /* of calls */
	struct envelope_call *calls; /* points to single, or into the arena */
	struct envelope_call single;
};

/* Limits of a request text. */
struct envelope_limits {
	unsigned max_depth; /* containers within each other, the envelope's own included */
	size_t max_calls;   /* in a batch */
};

#define ENVELOPE_LIMITS_DEFAULT ((struct envelope_limits){.max_depth = JSON_DEPTH_DEFAULT, .max_calls = 100})

/* Reads a request. Fills *ret whatever happens; returns its status. *ret must not be moved afterwards (calls may point
 * into it). */
enum envelope_status envelope_scan(const char *text, size_t length, const struct envelope_limits *limits,
				   struct arena *arena, struct envelope *ret);

/* A reply of another program of ours to one call. */
struct envelope_reply {
	struct json_span id;	 /* JSON text */
	struct json_span result; /* JSON text; data NULL for an error */
	struct json_span error;	 /* JSON text of the error object; data NULL for a result */
};

/* Reads a reply to one call (not a batch). False when it is no JSON-RPC reply: ret_error then has the scanner's fault,
 * or JSON_OK when it is JSON of another shape. max_depth as in envelope_limits. */
bool envelope_scan_reply(const char *text, size_t length, unsigned max_depth, struct arena *arena,
			 struct envelope_reply *ret_reply, struct json_error *ret_error) MUST_CHECK;

#endif
