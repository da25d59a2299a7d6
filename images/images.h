/*
 * What one thread of images keeps. Found in call->app and given to the HTTP handlers.
 */
#ifndef EVENTLOOP_IMAGES_IMAGES_H
#define EVENTLOOP_IMAGES_IMAGES_H

#include "daemon/daemon.h"
#include "store.h"

#include <stdint.h>

struct images {
	struct daemon_worker *worker;
	struct store store;
	int64_t max_pixels;
	int64_t max_bytes;
};

/* An image row i as the JSON of the API. */
#define IMAGE_JSON                                                                                     \
	"jsonb_build_object('id', i.id, 'url', '/images/' || i.id, 'type', i.type, 'width', i.width, " \
	"'height', i.height, 'bytes', i.bytes, 'sha256', i.sha256, 'owner_id', i.owner_id, "           \
	"'created_at', api_time(i.created_at))"

#endif
