/*
 * What a request must be to be handled: the rules beyond the grammar, the same for every engine.
 *
 * Purpose: RFC 9110 and 9112 let a server refuse, or tell it to, a well-formed request that lacks something,
 * contradicts itself, or whose end is ambiguous. All of that is decided here and nowhere else.
 * Ownership: nothing is kept. Invariants: a head that passes has one method that is served, a target that can be split,
 * at most one Host, and a body whose end is certain: at most one length, or exactly the coding "chunked". Use: call it
 * once a head is complete, before using it; on a status, answer with that and close the connection.
 */
#ifndef EVENTLOOP_HTTP_RULES_H
#define EVENTLOOP_HTTP_RULES_H

#include "base/macros.h"

struct http_fields;

/* A request line and its headers. All borrowed. */
struct http_head {
	const char *method, *target;
	int major, minor;
	const struct http_fields *fields;
};

/* Returns 0, or the HTTP status to refuse the request with:
 * 400: Host missing (1.1), repeated or not a host (RFC 9112 section 3.2); a target in none of the forms, with a
 *      fragment, a broken percent-encoding or bytes beyond printable ASCII (section 3.2); Content-Length repeated or
 * not a number; Transfer-Encoding beside Content-Length, in HTTP/1.0, or not ending in one "chunked" (section 6);
 *      content with HEAD or TRACE (RFC 9110 sections 9.3.2 and 9.3.8);
 * 417: an expectation other than 100-continue (RFC 9110 section 10.1.1);
 * 501: a method other than DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE (section 9.1); a transfer coding before
 *      "chunked" (RFC 9112 section 6.1);
 * 505: not HTTP/1 (RFC 9110 section 15.6.6). */
int http_rules_fault(const struct http_head *head) MUST_CHECK;

#endif
