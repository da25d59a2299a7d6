/*
 * Cursors of lists: opaque, tamper-proof positions in a keyset order.
 *
 * Invariants: a cursor is base64url of a truncated HMAC-SHA-256 and a JSON array of the sort values and the id of the
 * last row, bound to the method and a fingerprint of the filters it was made for: with other filters it is refused. The
 * key is a secret of the daemon's database, shared by its replicas (rpc/secret.h), loaded once a thread.
 */
#ifndef EVENTLOOP_RPC_CURSOR_H
#define EVENTLOOP_RPC_CURSOR_H

#include "rpc/call.h"

#define CURSOR_SIZE_MAX 1000 /* maxLength of `cursor` in the API files */

/* Reads params.cursor into values[0..count) (texts in ctx's arena; all NULL when there is no cursor). scope: a text
 * that must be the same for both calls, e.g. the filters. -1 with invalid_params for /params/cursor. */
int cursor_read(struct rpc_call *call, const char *scope, size_t count, const char **values) MAY_SUSPEND MUST_CHECK;

/* Makes the cursor after a row with these values (NULL stays NULL), in ctx's arena: at most CURSOR_SIZE_MAX characters
 * of base64url. Suspends only for the thread's first cursor, when cursor_read was not called before. NULL with an
 * error: unavailable (no database), or internal when the values are too long for a cursor. */
const char *cursor_make(struct rpc_call *call, const char *scope, size_t count,
			const char *const *values) MAY_SUSPEND MUST_CHECK;

#endif
