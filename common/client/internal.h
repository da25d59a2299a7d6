/*
 * What the files of the client share: peers and transport (client.c), what a peer answered (answer.c), service tokens
 * (token.c), calls whose answer is parsed (invoke.c), calls that are passed through (forward.c).
 */
#ifndef EVENTLOOP_CLIENT_INTERNAL_H
#define EVENTLOOP_CLIENT_INTERNAL_H

#include "client/client.h"
#include "co/sync.h"
#include "link/link.h"

#include <stdint.h>

/* One address of a peer and its circuit breaker. */
struct client_address {
	struct link_client *link;
	unsigned failures;   /* one after the other */
	int64_t lost;	     /* when a lost connection was last counted: once, however many calls failed */
	int64_t rests_until; /* monotonic; the breaker is open before it */
	int64_t answered;    /* when it last answered anything */
};

/* A daemon. */
struct client_peer {
	char *daemon;
	struct client_address *addresses;
	size_t count, next;
};

/* The token that this daemon calls others with. */
struct client_token {
	char *text;		      /* NULL while there is none */
	int64_t renew_at, expires_at; /* monotonic */
	int64_t retry_at;	      /* not fetched again before it */
	bool fetching;
	char failure[500]; /* of the last fetch, for the log */
	struct co_queue waiting;
};

struct rpc_client {
	char *self, *secret;
	const char *(*make_token)(struct context *ctx, void *argument, int64_t *ret_lifetime);
	void *argument;
	struct client_peer *peers;
	size_t peer_count;
	struct client_token token;
	size_t users; /* calls and fetches under way */
	bool closed;  /* freed by its owner; the last user frees the memory */
};

/* To be called around code that may suspend while it uses the client. */
void client_enter(struct rpc_client *client);
void client_leave(struct rpc_client *client);

/* The peer that serves a method name or is named so; NULL with unavailable. */
struct client_peer *client_find_peer(struct context *ctx, struct rpc_client *client, const char *name, size_t length);

/* Sends the request to one of the peer's addresses, again to another after a fault that allows it; returns the answer's
 * text. NULL with an error of the transport. */
const char *client_send(struct context *ctx, struct client_peer *peer, const struct link_request *request,
			bool idempotent, size_t *ret_length) MAY_SUSPEND MUST_CHECK;

/* The service token, in ctx's arena; NULL with unavailable. */
const char *client_service_token(struct context *ctx, struct rpc_client *client) MAY_SUSPEND MUST_CHECK;

/* Forgets the token, if it is still this one: a peer refused it. */
void client_drop_token(struct rpc_client *client, const char *text);

/* Builds the tree of a part of an answer, freed with ctx; NULL for JSON null. -1 with internal when memory ran out. */
int client_tree(struct context *ctx, const char *text, size_t length, struct json_object **ret_tree) MUST_CHECK;

/* Reads an answer of a peer. On a result returns true with its raw text; else takes the error over into ctx. */
bool client_read_answer(struct context *ctx, const char *method, const char *text, size_t length,
			const char **ret_result, size_t *ret_length) MUST_CHECK;

#endif
