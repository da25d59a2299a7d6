/*
 * SMTP client on libcurl: hands messages to a mail server.
 *
 * Purpose: smtp_send reads like a blocking call, and does not block the loop.
 * Threads: transfers run on a few threads of their own and not on the loop as http/client.h's do, because libcurl
 * says QUIT and waits for the answer wherever a connection is closed, whatever interface is used; and not in the pool
 * of co/offload.h that others use, because a server that does not answer would hold up password hashing. Ownership: a
 * client belongs to one thread. Invariants: the server's certificate and name are always checked when TLS is spoken; a
 * password is never sent over a connection that may not be encrypted unless TLS was switched off by name; a letter is
 * refused only by an answer of the server about this letter; proxies named by the environment are not used.
 */
#ifndef EVENTLOOP_SMTP_CLIENT_H
#define EVENTLOOP_SMTP_CLIENT_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

struct smtp_client;

/* With smtp://; smtps:// is TLS from the first byte, whatever this says. */
enum smtp_tls {
	SMTP_TLS_REQUIRED, /* STARTTLS, or nothing is sent */
	SMTP_TLS_OPTIONAL, /* STARTTLS where the server offers it; not together with a password */
	SMTP_TLS_NONE,
};

/* Texts are copied. */
struct smtp_options {
	const char *url;	     /* smtp://host:port or smtps://host:port; a path is what EHLO says */
	const char *user, *password; /* NULL or "": no authentication */
	const char *ca_file;	     /* PEM; NULL or "": the system's */
	enum smtp_tls tls;
	size_t at_once; /* messages under way; further ones fail with `overloaded` */
};

/* Borrowed until the call returns. */
struct smtp_message {
	const char *from, *to; /* addresses without <> */
	const char *bytes;     /* RFC 5322, lines end with CRLF; dots are the client's business */
	size_t length;
};

/* NULL with `internal` and the faulty option in ctx. Connects to nothing yet. */
struct smtp_client *smtp_client_new(struct context *ctx, const struct smtp_options *options) MUST_CHECK;

/* Breaks off what is under way and closes the connections. No smtp_send may be waiting. Blocks for a moment. Accepts
 * NULL. */
void smtp_client_free(struct smtp_client *client);

/* Sends the message; 0 once the server has taken it over. -1 with precondition_failed, reason "refused" (the server
 * will never take this one: 5xx); unavailable, reason "connect", "tls", "login", "transfer" (try again later: 4xx, and
 * every fault that is not about this letter); deadline_exceeded; overloaded. The server's words are the cause. */
int smtp_send(struct context *ctx, struct smtp_client *client,
	      const struct smtp_message *message) MAY_SUSPEND MUST_CHECK;

#endif
