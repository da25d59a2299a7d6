/*
 * Cursors of lists: opaque, tamper-proof places in a keyset order.
 *
 * Invariants: a cursor is base64url of a truncated HMAC-SHA-256 and a JSON array of the sort values and the id of the last
 * row, bound to the method and a fingerprint of the filters it was made for: with other filters it is refused.
 */
#ifndef EVENTLOOP_RPC_CURSOR_H
#define EVENTLOOP_RPC_CURSOR_H

#include "rpc/call.h"

/* Reads params.cursor into values[0..count) (texts in ctx's arena; all NULL when there is no cursor). scope: a text that must
 * be the same for both calls, e.g. the filters. -1 with invalid_params for /params/cursor. */
int cursor_read(struct rpc_call *call, const char *scope, size_t count, const char **values) MUST_CHECK;

/* Makes the cursor after a row with these values. */
const char *cursor_make(struct rpc_call *call, const char *scope, size_t count, const char *const *values);

#endif
