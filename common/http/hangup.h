/*
 * Finding out whether a client whose request is being handled has hung up.
 *
 * A client that has closed its connection and one that has only said that it sends nothing more (shutdown, which HTTP
 * allows: `printf ... | nc -N`) look alike from here: the end of input. They differ when something is sent to them: the
 * system of one that has gone answers with a reset, one that waits for its answer sends nothing. So, if the answer is
 * not there soon, an interim one is sent, "100 Continue", which a client of HTTP/1.1 must take at any time and as often
 * as it comes (RFC 9110 section 15.2), and the socket is looked at until the answer leaves.
 *
 * Ownership: the caller that began it must end it before it closes the descriptor or sends anything else.
 */
#ifndef EVENTLOOP_HTTP_HANGUP_H
#define EVENTLOOP_HTTP_HANGUP_H

struct event_base;
struct http_hangup;

/* What waits to be read, which is left there. */
enum http_input {
	HTTP_INPUT_NONE,
	HTTP_INPUT_BYTES, /* a pipelined request: what follows it cannot be seen */
	HTTP_INPUT_ENDED,
	HTTP_INPUT_RESET, /* the client has gone for sure */
};

/* Says what waits to be read on the socket. */
enum http_input http_hangup_input(int fd);

/* Begins to find out, input having ended on the socket. gone(argument) is called once, from the loop, if the client has
 * gone; it may end this. */
struct http_hangup *http_hangup_begin(struct event_base *base, int fd, void (*gone)(void *argument), void *argument);

/* Accepts NULL. */
void http_hangup_end(struct http_hangup *hangup);

/* Sends "100 Continue", as far as that goes at once. */
void http_send_continue(int fd);

#endif
