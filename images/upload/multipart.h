/*
 * multipart/form-data (RFC 7578): finds one file in a body.
 *
 * Invariants: reads the body once, copies nothing; part headers are limited; a malformed body is refused as a whole.
 */
#ifndef EVENTLOOP_IMAGES_UPLOAD_MULTIPART_H
#define EVENTLOOP_IMAGES_UPLOAD_MULTIPART_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

#define MULTIPART_BOUNDARY_SIZE 71 /* 70 characters (RFC 2046 section 5.1.1) and NUL */
#define MULTIPART_MAX_PARTS 16
#define MULTIPART_MAX_HEADERS 8192 /* bytes of one part's headers */

enum multipart_result {
	MULTIPART_FOUND,
	MULTIPART_ABSENT,   /* well-formed, but no part of that name */
	MULTIPART_MALFORMED /* not multipart, or over a limit */
};

/* Reads the boundary out of a Content-Type value; false when it is not multipart/form-data or has no legal boundary. */
bool multipart_boundary(const char *content_type, char boundary[static MULTIPART_BOUNDARY_SIZE]) MUST_CHECK;

/* Finds the first part named `name`; *ret_start and *ret_length are its content, inside body. */
enum multipart_result multipart_find(const char *body, size_t length, const char *boundary, const char *name,
				     const char **ret_start, size_t *ret_length) MUST_CHECK;

#endif
