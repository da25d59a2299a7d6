/*
 * Images pass through the gateway: uploads to the daemon images, pictures from it.
 */
#ifndef EVENTLOOP_GATEWAY_PASS_H
#define EVENTLOOP_GATEWAY_PASS_H

#include "io/http_server.h"

/* Sends the request on to images and its answer back, with the headers that matter to either. argument: struct gateway.
 */
void pass_handle(struct http_exchange *exchange, void *argument) MAY_SUSPEND;

#endif
