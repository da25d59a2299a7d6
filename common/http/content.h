/*
 * What the content of an HTTP request says of itself: media type and coding.
 *
 * Purpose: one reading of Content-Type and Content-Encoding (RFC 9110 sections 8.3 and 8.4) for every endpoint.
 * Ownership: nothing is kept. Values are all lines of the header, as http_header_list joins them, so that a request
 * with two types has no valid one.
 */
#ifndef EVENTLOOP_HTTP_CONTENT_H
#define EVENTLOOP_HTTP_CONTENT_H

#include <stdbool.h>

/* True for application/json, application/json-rpc and application/jsonrequest, in any case, with any parameters but a
 * charset other than UTF-8 (JSON has no other: RFC 8259 section 8.1). type may be NULL. */
bool http_content_is_json(const char *type);

/* True when content has to be decoded first: by any coding but identity. encoding may be NULL. */
bool http_content_is_encoded(const char *encoding);

#endif
