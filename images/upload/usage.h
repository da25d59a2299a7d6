/*
 * How much of the store each owner uses: what is kept, and what was uploaded today (UTC).
 *
 * An owner here is the uploader's identity_account: uploads by an API key count for its maker. Counts never go down,
 * since images are not removed: uploads that were counted for a company stay there. The row of an erased user is
 * deleted; while their keys go on, uploads are counted anew under an id that leads to nobody.
 * Invariants: the row of an owner is changed in the transaction that adds the image, and is locked until its end, so
 * uploads at the same moment cannot pass a limit together. Settings: max_user_images, max_user_bytes, max_day_images,
 * max_day_bytes; 0 is no limit.
 */
#ifndef EVENTLOOP_IMAGES_UPLOAD_USAGE_H
#define EVENTLOOP_IMAGES_UPLOAD_USAGE_H

#include "daemon/data_check.h"
#include "postgres/postgres.h"

#include <stddef.h>

struct daemon_worker;

/* Whether the owner may add an image of so many bytes, before anything is done for it. 0, or -1 with
 * precondition_failed (rule max_user_images or max_user_bytes) or rate_limited (reason max_day_images or max_day_bytes,
 * until midnight UTC), each with `maximum`. */
int usage_check(struct context *ctx, struct daemon_worker *worker, const char *owner,
		size_t length) MAY_SUSPEND MUST_CHECK;

/* Adds the image in tx. Errors as above; then the transaction is to be rolled back. */
int usage_add(struct context *ctx, struct daemon_worker *worker, struct pg_tx *tx, const char *owner,
	      size_t length) MAY_SUSPEND MUST_CHECK;

/* Owners who had more before the limits came. */
extern const struct data_check usage_images_check, usage_bytes_check;

#endif
