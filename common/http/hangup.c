#include "http/hangup.h"

#include "base/clock.h"
#include "base/fatal.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#define TIMEOUT (50 * CLOCK_MILLISECOND) /* most answers are there before it, and nothing need be sent */
#define LOOK_FIRST (5 * CLOCK_MILLISECOND)
#define LOOK_LAST (500 * CLOCK_MILLISECOND)

struct http_hangup {
	struct event *timer;
	int fd;
	bool asked; /* the interim answer was sent */
	int64_t interval;
	void (*gone)(void *argument);
	void *argument;
};

enum http_input http_hangup_input(int fd)
{
	char byte;
	ssize_t length = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (length > 0)
		return HTTP_INPUT_BYTES;
	if (length == 0)
		return HTTP_INPUT_ENDED;
	return errno == EAGAIN || errno == EINTR ? HTTP_INPUT_NONE : HTTP_INPUT_RESET;
}

void http_send_continue(int fd)
{
	static const char TEXT[] = "HTTP/1.1 100 Continue\r\n\r\n";
	(void)send(fd, TEXT, sizeof(TEXT) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool is_reset(int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_CLOSE;
}

static void look_in(struct http_hangup *hangup, int64_t delay)
{
	struct timeval wait = {.tv_sec = delay / CLOCK_SECOND, .tv_usec = delay % CLOCK_SECOND};
	(void)event_add(hangup->timer, &wait);
}

static void on_time(int fd, short what, void *argument)
{
	(void)fd, (void)what;
	struct http_hangup *hangup = argument;
	if (!hangup->asked)
		http_send_continue(hangup->fd);
	hangup->asked = true;
	if (is_reset(hangup->fd)) {
		hangup->gone(hangup->argument);
		return;
	}
	look_in(hangup, hangup->interval);
	if (hangup->interval < LOOK_LAST)
		hangup->interval *= 2;
}

struct http_hangup *http_hangup_begin(struct event_base *base, int fd, void (*gone)(void *argument), void *argument)
{
	struct http_hangup *hangup = must_calloc(1, sizeof(*hangup));
	*hangup = (struct http_hangup){.fd = fd, .interval = LOOK_FIRST, .gone = gone, .argument = argument};
	hangup->timer = evtimer_new(base, on_time, hangup);
	if (!hangup->timer)
		fatal("no memory for a timer");
	look_in(hangup, TIMEOUT);
	return hangup;
}

void http_hangup_end(struct http_hangup *hangup)
{
	if (!hangup)
		return;
	event_free(hangup->timer);
	free(hangup);
}
