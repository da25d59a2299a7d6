/*
 * A request of ours whose body goes out, and whose answer comes in, a piece at a time.
 *
 * Purpose: passing on what is too large to be kept: the end that is slower sets the pace of both, and a transfer costs
 * a window of memory whatever its size. Ownership: a transfer belongs to its context and ends with it. Invariants: at
 * most 64 KiB of the answer wait; each wait has the context's deadline, and the whole has none. Use: begin; send until
 * the body is out; http_transfer_answer; read until 0; end, or leave that to the context.
 */
#ifndef EVENTLOOP_HTTP_TRANSFER_H
#define EVENTLOOP_HTTP_TRANSFER_H

#include "http/client.h"

#include <stdint.h>

struct http_transfer;

/* Begins a request. body: NULL in *request; length: of the body that http_transfer_send will give, -1: in chunks, 0:
 * none. The request is borrowed until the call returns. NULL with an error in ctx, as http_fetch has them. */
struct http_transfer *http_transfer_begin(struct context *ctx, struct http_client *client,
					  const struct http_outgoing *request, int64_t length) MUST_CHECK;

/* Gives bytes of the body and waits until they are taken. length 0: that was all. 0, also when the answer is there
 * already and no more of the body is wanted: see http_transfer_answered; -1 with an error in ctx. */
int http_transfer_send(struct http_transfer *transfer, const void *bytes, size_t length) MAY_SUSPEND MUST_CHECK;

/* True when the answer has begun to come. */
bool http_transfer_answered(const struct http_transfer *transfer);

/* Waits for the head of the answer: status, type, headers; it has no body here. *ret_length: of the content, -1 when
 * that is not known. 0; -1 with an error in ctx. */
int http_transfer_answer(struct http_transfer *transfer, struct http_answer *ret,
			 int64_t *ret_length) MAY_SUSPEND MUST_CHECK;

/* Waits for some of the content and copies it to bytes, at most size. Returns how many, 0 at its end, -1 with an error
 * in ctx. */
int64_t http_transfer_read(struct http_transfer *transfer, void *bytes, size_t size) MAY_SUSPEND MUST_CHECK;

/* Ends it, whether or not it is complete. A second call does nothing. */
void http_transfer_end(struct http_transfer *transfer);

#endif
