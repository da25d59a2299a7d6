/*
 * Descriptions of images: the methods images.image.*.
 */
#ifndef EVENTLOOP_IMAGES_SERVE_IMAGE_H
#define EVENTLOOP_IMAGES_SERVE_IMAGE_H

#include "rpc/call.h"

int image_get(struct rpc_call *call) MAY_SUSPEND;
int image_list(struct rpc_call *call) MAY_SUSPEND;

#endif
