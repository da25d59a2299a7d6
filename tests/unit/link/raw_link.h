/* Ends of the link that prove themselves and then do what they like. In coroutines. */
#ifndef EVENTLOOP_TESTS_LINK_RAW_LINK_H
#define EVENTLOOP_TESTS_LINK_RAW_LINK_H

#include "link/raw.h"
#include "rpc/toy.h"

#include <errno.h>

static inline void raw_send_line(int fd, struct buffer *text)
{
	buffer_append_char(text, '\n');
	raw_send(fd, buffer_text(text), text->length);
	buffer_reset(text);
}

/* Connects as that daemon. */
static inline int raw_link_connect(uint16_t port, const char *name)
{
	int fd = raw_connect(port);
	char line[1000];
	size_t length = raw_line(fd, line, sizeof(line));
	struct buffer text;
	buffer_init(&text, 1000);
	assert_true(length > 0);
	struct link_handshake handshake;
	assert_null(link_answer_challenge(&handshake, name, NULL, &TOY_LINK_SECRETS, line, length - 1, &text));
	raw_send_line(fd, &text);
	length = raw_line(fd, line, sizeof(line));
	assert_true(length > 0 && link_check_welcome(&handshake, line, length - 1));
	buffer_done(&text);
	return fd;
}

/* Accepts a daemon, as the toy. */
static inline int raw_link_accept(int listener)
{
	int fd = raw_accept(listener);
	struct buffer text;
	buffer_init(&text, 1000);
	struct link_handshake handshake;
	link_challenge(&handshake, "toy", &TOY_LINK_SECRETS, &text);
	raw_send_line(fd, &text);
	char line[1000];
	size_t length = raw_line(fd, line, sizeof(line));
	assert_true(length > 0 && link_accept_proof(&handshake, line, length - 1, &text));
	raw_send_line(fd, &text);
	buffer_done(&text);
	return fd;
}

#endif
