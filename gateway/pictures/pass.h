/*
 * Pictures pass through the gateway, to images and from it, a piece at a time: what a transfer holds does not depend on
 * its size, and the slower end sets the pace.
 */
#ifndef EVENTLOOP_GATEWAY_PICTURES_PASS_H
#define EVENTLOOP_GATEWAY_PICTURES_PASS_H

#include "http/server.h"

/* GET and HEAD /images/{id}; argument: struct gateway. */
void pass_download(struct http_exchange *exchange, void *argument) MAY_SUSPEND;

/* POST /images, run once the head is there, so that a caller without a valid token is refused before the picture is
 * read. argument: struct gateway. */
void pass_upload(struct http_exchange *exchange, void *argument) MAY_SUSPEND;

#endif
