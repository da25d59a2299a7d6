/*
 * The link's notification that a caller has gone: {"jsonrpc":"2.0","method":"link.cancel","params":{"id":N}} and LF,
 * after the request with that id on the same connection. The server ends the call if its method changes nothing;
 * its answer, which comes nevertheless, is dropped by the client.
 *
 * Purpose: the line, and a table of the calls under way by connection and id. Ownership: entries are their owner's.
 */
#ifndef EVENTLOOP_LINK_CANCEL_H
#define EVENTLOOP_LINK_CANCEL_H

#include "base/buffer.h"
#include "rpc/hangup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_CALL_BUCKETS 1024

/* A call under way. */
struct link_call {
	struct link_call **place, *next;
	const void *connection;
	uint64_t id;
	struct rpc_hangup hangup;
};

struct link_calls {
	struct link_call *buckets[LINK_CALL_BUCKETS];
};

/* Appends the notification, without LF. */
void link_cancel_write(struct buffer *out, uint64_t id);

/* Reads a line. False when it is no such notification. */
bool link_cancel_read(const char *line, size_t length, uint64_t *ret_id) MUST_CHECK;

/* Adds the call of a request's line on that connection. A call whose id is not of our clients' form cannot be
 * cancelled. */
void link_calls_add(struct link_calls *calls, struct link_call *call, const void *connection, const char *line,
		    size_t length);
void link_calls_remove(struct link_call *call);

/* Tells the call with the id on the connection, if it is still under way. */
void link_calls_cancel(struct link_calls *calls, const void *connection, uint64_t id);

#endif
