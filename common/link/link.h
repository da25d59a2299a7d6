/*
 * The link: JSON-RPC between our own programs over few persistent TCP connections, one text a line, many in flight.
 *
 * Purpose: a call costs 2 or 3 us, over HTTP 16 to 21.
 * Admission: both ends prove first that they know link_secret (link/handshake.h). A connection that has not may send
 * one short line within a few seconds; such connections are counted separately, and the oldest is closed when there are
 * too many, so that strangers cannot keep daemons out. What meta says of the end client is accepted only from the
 * daemon that `speaker` names. Wire, then: a request is
 * {"jsonrpc":"2.0","id":N,"method":"...","params":{...},"meta":{...}} and LF; an answer is a JSON-RPC response with
 * that id and LF. Ids are a slot and its generation in one number. meta carries token, deadline_ms, request_id,
 * traceparent, peer, user_agent. Line feeds inside a text are white space and are sent as spaces. Stopping: a server
 * that drains says so with the line {"jsonrpc":"2.0","method":"link.drain"}; the client sends new calls elsewhere, and
 * closes once its last answer is there, so that no call is lost when a daemon is replaced. Invariants: writes are
 * coalesced once a pass of the loop; a line over the limit closes the connection; the answer of a caller that left
 * early is dropped, and other calls are not affected; when a caller is cancelled or a connection breaks, the server
 * cancels the calls that change nothing (link/cancel.h).
 */
#ifndef EVENTLOOP_LINK_LINK_H
#define EVENTLOOP_LINK_LINK_H

#include "base/context.h"
#include "base/macros.h"
#include "co/co.h"
#include "link/handshake.h"

#include <stddef.h>
#include <stdint.h>

struct link_server;
struct link_client;
struct rpc_dispatcher;

struct link_server_options {
	const char *address;	     /* numeric; "" for all */
	uint16_t port;		     /* 0: any free one */
	const char *name;	     /* this daemon's, as its clients expect it */
	struct link_secrets secrets; /* current is set */
	const char *speaker;	     /* the name of the daemon whose meta says where calls come from; NULL: none */
	struct rpc_dispatcher *dispatcher;
	size_t max_line;	  /* bytes; 0: 4 MiB + 64 KiB */
	size_t max_connections;	  /* of those that have proved themselves; 0: 256 */
	size_t max_in_flight;	  /* requests being handled; 0: 4096 */
	int64_t request_deadline; /* microseconds, when the request says none or a later one; 0: 10 s */
	int64_t proof_timeout;	  /* from the connection to its proof; 0: 5 s */
	int64_t line_timeout;	  /* from a line's beginning to its end; 0: 10 s */
};

/* Listens on this thread's loop (SO_REUSEPORT). NULL with one line in `error`. */
struct link_server *link_server_new(const struct link_server_options *options, char *error, size_t error_size);
uint16_t link_server_port(const struct link_server *server);
/* Stops accepting, closes unproved connections and tells the clients; what they have sent is answered, then they close
 * theirs. */
void link_server_drain(struct link_server *server);
/* Requests being handled; connections that have proved themselves. */
size_t link_server_in_flight(const struct link_server *server);
size_t link_server_connections(const struct link_server *server);
/* Cancels the requests being handled: each ends with an error soon. */
void link_server_cancel(struct link_server *server);
/* Closes everything. No request may be in flight. Accepts NULL. */
void link_server_free(struct link_server *server);

struct link_client_options {
	const char *host; /* numeric, or a name to be resolved on the offload pool */
	uint16_t port;
	size_t connections;	     /* 0: 1 */
	const char *self;	     /* this daemon's name */
	const char *server;	     /* the name that the other side must prove; NULL: any */
	struct link_secrets secrets; /* current is set */
};

/* A client of one address on this thread's loop; connects at the first call, and from then on again with back-off.
 * Names are copied. */
struct link_client *link_client_new(const struct link_client_options *options);
/* Callers that wait get `unavailable`. Accepts NULL. A connect under way ends by itself a little later: the loop must
 * run on until idle. */
void link_client_free(struct link_client *client);
/* CONNECTING: before and during the first attempt to connect (the proof included), at the start or after a loss; calls
 * wait for it. DOWN: it failed; calls fail at once. */
enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_UP };
enum link_state link_client_state(const struct link_client *client);
/* When a connection was last lost, or its server began to drain; monotonic, 0: never. */
int64_t link_client_lost(const struct link_client *client);
/* While it is DOWN: waits until the next attempt to connect has ended, well or not, at most until then (monotonic).
 * CO_OK also when the client is freed meanwhile. */
enum co_result link_client_await(struct link_client *client, int64_t until) MAY_SUSPEND;

/* A request's parts as raw texts; NULL where absent. */
struct link_request {
	const char *method, *params, *token, *peer, *user_agent;
	size_t method_length, params_length;
};

/* Sends and waits for the answer's line (without LF), in ctx's arena; NULL with unavailable (reason "not_sent" when no
 * byte of it left, so it is safe to send elsewhere; "connection_lost" when it may have been seen), overloaded or
 * deadline_exceeded. */
const char *link_call(struct context *ctx, struct link_client *client, const struct link_request *request,
		      size_t *ret_length) MAY_SUSPEND MUST_CHECK;

#endif
