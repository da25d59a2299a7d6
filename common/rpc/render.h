/*
 * Answers as JSON-RPC texts.
 *
 * Purpose: the one place that writes response objects, so that every answer has the same shape: jsonrpc, id, then
 * result or error; error.data always has code and request_id.
 * Ownership: texts are in the context's arena. Invariants: `internal` never shows a cause.
 * Source: JSON-RPC 2.0 section 5, docs/errors.md.
 */
#ifndef EVENTLOOP_RPC_RENDER_H
#define EVENTLOOP_RPC_RENDER_H

#include "base/context.h"
#include "json/scan.h"

#include <stddef.h>

/* A response with the result text for the raw id (data NULL: null). */
const char *render_result(struct context *ctx, struct json_span id, const char *result, size_t length,
			  size_t *ret_length);

/* A response with the context's error for the raw id (data NULL: null). */
const char *render_error(struct context *ctx, struct json_span id, size_t *ret_length);

#endif
