/*
 * Looking at an upload: what it is by its content, how large it would be decoded, whether it is whole. Stores it when
 * it is good.
 *
 * Purpose: the type comes from the bytes, never from the sender; pixels are limited before anything is decoded.
 * Blocks for as long as decoding takes: runs on the offload pool.
 */
#ifndef EVENTLOOP_IMAGES_INSPECT_H
#define EVENTLOOP_IMAGES_INSPECT_H

#include "base/context.h"
#include "store.h"

#include <stdint.h>

struct image_facts {
	const char *type; /* "image/jpeg", ...; static */
	int width, height;
	char sha256[SHA256_TEXT_SIZE];
};

/* Checks and stores length bytes on the offload pool. 0 with *ret_facts; -1 with invalid_params and rule in `reason`:
 * "type" (no image that we take), "damaged" (truncated or broken); too_large with reason "pixels"; internal when it
 * cannot be stored. */
int image_inspect(struct context *ctx, const struct store *store, const void *bytes, size_t length, int64_t max_pixels,
		  struct image_facts *ret_facts) MAY_SUSPEND MUST_CHECK;

/* The type of the bytes by their first ones, or NULL for what is not taken. Static text. */
const char *image_type(const unsigned char *bytes, size_t length);

#endif
