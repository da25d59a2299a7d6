/*
 * The member `meta` of a request on the link: what HTTP carries in headers.
 */
#ifndef EVENTLOOP_LINK_META_H
#define EVENTLOOP_LINK_META_H

#include "base/buffer.h"
#include "base/context.h"
#include "link/link.h"
#include "rpc/dispatch.h"
#include "json/scan.h"

#include <stdbool.h>

/* Takes a meta object, which the scanner has accepted, over: request id, traceparent and deadline (bounded by the one
 * it has) into ctx, the rest into ret_meta, with its texts in ctx's arena; the peer's address in its one spelling
 * (base/ip_address.h), as the sockets and the gateway give it. Members we do not know, and values that make no sense,
 * are ignored, and so are peer and user_agent when the sender does not speak for clients. */
void link_meta_read(struct context *ctx, struct json_span text, bool speaks_for_clients, struct rpc_meta *ret_meta);

/* Appends the meta object of a request. */
void link_meta_write(struct buffer *out, const struct context *ctx, const struct link_request *request);

#endif
