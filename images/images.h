/*
 * What one thread of images keeps. Found in call->app and given to the HTTP handlers.
 */
#ifndef EVENTLOOP_IMAGES_IMAGES_H
#define EVENTLOOP_IMAGES_IMAGES_H

#include "daemon/daemon.h"

struct image_bounds;
struct offload_pool;
struct store;
struct sweep;
struct upload_places;

struct images {
	struct daemon_worker *worker;
	struct store *store;
	struct image_bounds *bounds;
	struct offload_pool *decoders; /* of the process; NULL where nothing is decoded */
	struct upload_places *places;
	struct sweep *sweep; /* of the first worker */
};

/* An image row i as the JSON of the API. owner: its owner_id as the reader may see it, an expression. */
#define IMAGE_JSON(owner)                                                                              \
	"jsonb_build_object('id', i.id, 'url', '/images/' || i.id, 'type', i.type, 'width', i.width, " \
	"'height', i.height, 'bytes', i.bytes, 'sha256', i.sha256, 'owner_id', " owner ", "            \
	"'created_at', api_time(i.created_at))"

#endif
