/*
 * Keeping an image: its bytes in the store and its row in the database, both or neither.
 *
 * Invariants: bytes of a hash are put into the store or removed only under STORE_LOCK of that hash, in the transaction;
 * the bytes are there before the row is committed, so what has a row can be served. Bytes whose transaction failed
 * afterwards are an orphan, which the sweep (sweep.h) removes.
 */
#ifndef EVENTLOOP_IMAGES_UPLOAD_KEEP_H
#define EVENTLOOP_IMAGES_UPLOAD_KEEP_H

#include "images.h"
#include "upload/inspect.h"

/* Keeps the upload as an image of the owner: the image as JSON, as its owner sees it, in ctx's arena. NULL with
 * the errors of usage_add, unauthenticated when the owner was erased while the image was looked at, internal when the
 * store fails, those of the database and of offload_run. */
const char *image_keep(struct context *ctx, struct images *images, const struct identity *owner,
		       struct upload_bytes *upload, const struct image_facts *facts) MAY_SUSPEND MUST_CHECK;

#endif
