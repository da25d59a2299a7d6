/*
 * POST /images: an upload becomes an image.
 *
 * The body is the image itself, or multipart/form-data with a part named "file". Needs the access token of a user, or
 * of an integration whose scope covers images.image.create. Answers
 * 201 with the image as JSON; errors as JSON-RPC error bodies: 400 malformed, 401, 413 too large, 415 no image that we
 * take, 422 damaged.
 */
#ifndef EVENTLOOP_IMAGES_UPLOAD_H
#define EVENTLOOP_IMAGES_UPLOAD_H

#include "http/server.h"

/* argument: struct images. */
void upload_handle(struct http_exchange *exchange, void *argument) MAY_SUSPEND;

#endif
