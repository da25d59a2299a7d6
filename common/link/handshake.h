/*
 * How the two ends of a connection of the link prove to each other that they are daemons of this installation, before
 * anything else is sent.
 *
 * Purpose: reaching the port is not enough to call a method, and a client sends its tokens only to a daemon. Lines, one
 * each in this order, of printable ASCII:
 *   server: link/1 challenge SERVER NONCE
 *   client: link/1 prove CLIENT NONCE PROOF [PROOF]     by link_secret, and by link_secret_previous when that is set
 *   server: link/1 welcome PROOF                        by the secret of the client's proof that it accepted
 * A nonce is 32 random bytes, a proof HMAC-SHA-256 (RFC 2104) over the role of who proves, both names and both nonces,
 * each as base64url. Invariants: every nonce is used once, so that a recorded proof proves nothing; the role is in it,
 * so that neither end's proof can be sent back to it; proofs are compared in constant time; a secret never leaves
 * memory. It does not protect against somebody who can read and change the packets between two daemons: there the
 * network must be closed or encrypted. Nothing here suspends or sends.
 */
#ifndef EVENTLOOP_LINK_HANDSHAKE_H
#define EVENTLOOP_LINK_HANDSHAKE_H

#include "base/buffer.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

#define LINK_SECRET_MIN 32	/* characters of a secret */
#define LINK_HANDSHAKE_LINE 512 /* bytes at most of a line until both are proved, without its LF */
#define LINK_NAME_SIZE 32	/* of a daemon's name, with its NUL: letters, digits, '-' and '_' */
#define LINK_NONCE_SIZE 44	/* 32 bytes as base64url, with a NUL */

/* The settings link_secret and link_secret_previous; "" or NULL when not set. Borrowed as long as the process lives. */
struct link_secrets {
	const char *current, *previous;
};

/* One connection's handshake, at either end. */
struct link_handshake {
	struct link_secrets secrets;
	const char *matched; /* server: the secret of the client's proof */
	char server[LINK_NAME_SIZE], client[LINK_NAME_SIZE];
	char server_nonce[LINK_NONCE_SIZE], client_nonce[LINK_NONCE_SIZE];
};

/* True for what may be a daemon's name. */
bool link_name_valid(const char *name);

/* Server: begins, and writes the challenge's line (without LF) to out. self: this daemon's name. */
void link_challenge(struct link_handshake *handshake, const char *self, const struct link_secrets *secrets,
		    struct buffer *out);

/* Server: reads the answer to it. True when it is good, with handshake->client set and the welcome's line in out; false
 * for anything else. */
bool link_accept_proof(struct link_handshake *handshake, const char *line, size_t length,
		       struct buffer *out) MUST_CHECK;

/* Client: reads the challenge, and writes the answer's line to out. self: this daemon's name; server: that of the
 * daemon that is called, NULL for any. NULL, or why not: static text. */
const char *link_answer_challenge(struct link_handshake *handshake, const char *self, const char *server,
				  const struct link_secrets *secrets, const char *line, size_t length,
				  struct buffer *out) MUST_CHECK;

/* Client: true when the line is the welcome of a server that knows a secret. */
bool link_check_welcome(const struct link_handshake *handshake, const char *line, size_t length) MUST_CHECK;

#endif
