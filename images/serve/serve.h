/*
 * GET and HEAD /images/{id}: an image's bytes, with conditional and range requests (RFC 9110 sections 13 and 14).
 *
 * Invariants: what an address serves never changes, so it may be cached for ever; the ETag is the bytes' SHA-256;
 * nosniff keeps browsers from seeing anything but an image in it.
 */
#ifndef EVENTLOOP_IMAGES_SERVE_H
#define EVENTLOOP_IMAGES_SERVE_H

#include "http/server.h"

#include <stdint.h>

/* argument: struct images. */
void serve_handle(struct http_exchange *exchange, void *argument) MAY_SUSPEND;

enum range_result { RANGE_WHOLE, RANGE_PART, RANGE_UNSATISFIABLE };

/* Reads a Range header (NULL: none) for `size` bytes. One range is served; a malformed header, another unit, or several
 * ranges mean the whole (RFC 9110 section 14.2 lets a server ignore it). */
enum range_result range_read(const char *header, int64_t size, int64_t *ret_offset, int64_t *ret_length);

#endif
