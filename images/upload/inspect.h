/*
 * Inspects an upload: its type by content, what decoding it would take, whether it is complete.
 *
 * Purpose: the type comes from the bytes, never from the sender; what a picture costs is bounded by its head before a
 * codec sees it (bounds.h). Invariants: nothing is written; decoding runs on the pool given, which is the codecs' own,
 * so that nothing else waits behind it; when the caller is gone it ends at the next strip of pixels (a codec's work
 * before the first strip is bounded by the head's limits).
 */
#ifndef EVENTLOOP_IMAGES_UPLOAD_INSPECT_H
#define EVENTLOOP_IMAGES_UPLOAD_INSPECT_H

#include "base/context.h"
#include "decode/bounds.h"
#include "store/store.h"
#include "upload/bytes.h"

#include <stdint.h>

struct offload_pool;

struct image_facts {
	const char *type; /* "image/jpeg", ...; static */
	int width, height;
	char sha256[SHA256_TEXT_SIZE];
};

/* Looks at the bytes on the pool. 0 with *ret_facts; -1 with invalid_params and the reason "type" (no image that we
 * take) or "damaged" (truncated or broken); too_large with the rule that is broken as reason, and its values
 * (bounds.h); the errors of offload_run. */
int image_inspect(struct context *ctx, struct offload_pool *pool, struct upload_bytes *upload,
		  const struct image_bounds *bounds, struct image_facts *ret_facts) MAY_SUSPEND MUST_CHECK;

#endif
