/*
 * A strict scanner of JSON text: says whether bytes are JSON as we accept it, and where its parts are. Builds nothing.
 *
 * Purpose: everything that comes from outside passes here before any other code reads it, so the layers above may rely
 * on: the grammar of RFC 8259; well-formed UTF-8 (RFC 3629); no unpaired surrogate and, unless allowed, no U+0000 in an
 * escape; every number finite as a double; no member name twice in an object (names compared after unescaping); nesting
 * no deeper than asked; nothing but white space after the value.
 * Ownership: nothing is copied; spans point into the caller's text, which must outlive them. The arena is only used for
 * texts with very many or very nested members; small texts need no allocation.
 * Invariants: no recursion; time is linear in the length of the text. The first fault stops the scan. A fault that only
 * I-JSON forbids (json_fault_is_unfit) stops it only when `tolerant` is not set: else the first of them is noted in
 * `unfit`, and the caller must never read the part that contains it. Use: json_scan for a whole text; or
 * json_scanner_init and then the json_scan_* steps to walk the outer containers by hand (as rpc/envelope.c does) while
 * json_scan_value checks and skips what is inside. Source: RFC 8259, RFC 3629, RFC 7493 section 2 (I-JSON).
 */
#ifndef EVENTLOOP_JSON_SCAN_H
#define EVENTLOOP_JSON_SCAN_H

#include "base/arena.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 128	 /* the deepest nesting that can be asked for */
#define JSON_DEPTH_DEFAULT 32	 /* of requests: the setting max_depth */
#define JSON_TEXT_MAX (1U << 30) /* longest text, in bytes */
#define JSON_SCANNER_NAMES 48	 /* member names remembered without allocating */

/* X(name, sentence for the client): every way in which a text is not acceptable JSON. */
#define JSON_FAULTS(X)                                                  \
	X(EMPTY, "no JSON value")                                       \
	X(UNEXPECTED_END, "the text ends inside a value")               \
	X(UNEXPECTED_CHARACTER, "unexpected character")                 \
	X(LITERAL, "unknown literal, only true, false and null exist")  \
	X(NUMBER, "malformed number")                                   \
	X(NUMBER_RANGE, "number too large for a double")                \
	X(CONTROL_CHARACTER, "unescaped control character in a string") \
	X(ESCAPE, "unknown escape in a string")                         \
	X(SURROGATE, "unpaired surrogate in a string")                  \
	X(NUL, "U+0000 in a string")                                    \
	X(UTF8, "malformed UTF-8")                                      \
	X(DUPLICATE_NAME, "member name used twice in an object")        \
	X(TRAILING, "more text after the value")                        \
	X(DEPTH, "nested too deep")                                     \
	X(LENGTH, "text too long")

enum json_fault {
	JSON_OK = 0,
#define X(name, text) JSON_FAULT_##name,
	JSON_FAULTS(X)
#undef X
};

/* Bytes inside a text; not NUL-terminated. data is NULL when there is nothing. */
struct json_span {
	const char *data;
	size_t length;
};

/* Where and why a scan stopped. */
struct json_error {
	enum json_fault fault;
	size_t offset; /* bytes from the start of the text */
};

/* What is JSON by the grammar of RFC 8259, but no I-JSON (RFC 7493): U+0000, which we add to it, unpaired surrogates,
 * numbers beyond a double, names used twice. */
static inline bool json_fault_is_unfit(enum json_fault fault)
{
	return fault == JSON_FAULT_NUL || fault == JSON_FAULT_SURROGATE || fault == JSON_FAULT_NUMBER_RANGE ||
	       fault == JSON_FAULT_DUPLICATE_NAME;
}

/* What the next value is, by its first character. */
enum json_kind { JSON_NOTHING, JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL };

/* A member name kept to find duplicates. */
struct json_name {
	const char *data; /* unescaped */
	uint32_t length;
	uint32_t fingerprint; /* equal for equal names */
};

struct json_name_table;

/* An open container. */
struct json_level {
	uint32_t first_name; /* index of its first name in names */
	uint32_t large_id;   /* its id in the table of large objects; 0 while small */
	bool object;
};

/* The state of a scan; treat as opaque, it is here so that it can live on the stack (3 KiB). */
struct json_scanner {
	const char *start, *cursor, *end;
	struct arena *arena;
	struct json_error error;
	struct json_error unfit; /* the first such fault since the caller last cleared it; only when tolerant */
	uint32_t max_depth, depth;
	bool allow_nul;
	bool tolerant; /* to be set after json_scanner_init */
	struct json_name *names;
	uint32_t name_count, name_capacity;
	struct json_name_table *table;
	struct json_name first_names[JSON_SCANNER_NAMES];
	struct json_level levels[JSON_DEPTH_MAX + 1];
};

/* The sentence for a fault. Static. */
const char *json_fault_text(enum json_fault fault);

/* Checks a whole text. max_depth: 1 to JSON_DEPTH_MAX containers within each other. arena: for large texts, what is
 * taken is at most proportional to the text. Fills ret_error only on failure. */
bool json_scan(const char *text, size_t length, unsigned max_depth, struct arena *arena,
	       struct json_error *ret_error) MUST_CHECK;

/* Starts a scan by hand; nothing is read yet. */
void json_scanner_init(struct json_scanner *scanner, const char *text, size_t length, unsigned max_depth,
		       struct arena *arena);

/* Skips white space and tells what comes next, JSON_NOTHING at the end of the text or before a character that starts no
 * value (no fault is set then). */
enum json_kind json_scan_peek(struct json_scanner *scanner);

/* Checks and skips one value of any kind; ret_value spans it. False on a fault (scanner->error). */
bool json_scan_value(struct json_scanner *scanner, struct json_span *ret_value) MUST_CHECK;

/* Enters the object (or array) that comes next. False on a fault. */
bool json_scan_enter(struct json_scanner *scanner, enum json_kind kind) MUST_CHECK;

/* Inside an entered object: moves to the next member and reads its name up to and with the colon. *ret_name is the raw
 * name without quotes, *ret_escaped says whether it has escapes. Returns 1 for a member (its value comes next), 0 when
 * the object ended (and was left), -1 on a fault. first: true for the first call after json_scan_enter. */
int json_scan_member(struct json_scanner *scanner, bool first, struct json_span *ret_name,
		     bool *ret_escaped) MUST_CHECK;

/* Inside an entered array: 1 when an item comes next, 0 when the array ended (and was left), -1 on a fault. */
int json_scan_item(struct json_scanner *scanner, bool first) MUST_CHECK;

/* After the outermost value: true when only white space follows. */
bool json_scan_finish(struct json_scanner *scanner) MUST_CHECK;

/* Sets the fault at the cursor unless there is one; always false. For callers that find a fault of their own. */
bool json_scan_fail(struct json_scanner *scanner, enum json_fault fault);

/* The same for a fault that json_fault_is_unfit, at a place of the text: true when the scan goes on, as tolerant ones
 * do. The cursor is moved to `at` only when it does not. */
bool json_scan_unfit(struct json_scanner *scanner, enum json_fault fault, const char *at) MUST_CHECK;

/* Unescapes the inside of a scanned string (without quotes) into target, which has room for raw.length bytes. Returns
 * the number of bytes written (no NUL is added). raw must have passed the scanner. */
size_t json_unescape(struct json_span raw, char *target);

/* The byte after the closing quote of a string, given its opening quote. The text must have been scanned. */
const char *json_skip_string(const char *quote);

/* The JSON pointer (RFC 6901) of the value at a byte of a scanned text, "" for the text itself; of a member when the
 * byte is the first of its name, and of the object when it is a later one (whose name cannot be told then). The text
 * up to that byte must be fit. Names of more than 200 bytes end the pointer early. In the arena. */
const char *json_place(struct json_span text, size_t offset, struct arena *arena);

#endif
