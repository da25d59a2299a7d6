/*
 * Turns what libraries would write to standard error into log lines.
 *
 * Purpose: a daemon's output is log lines and nothing else. Here is libevent, which every daemon has; a daemon with
 * another library that writes messages redirects them at its start (images/start.c). libpq's notices are dropped where
 * connections are made, and libcurl says nothing unless it is asked to.
 */
#ifndef EVENTLOOP_DAEMON_LIBRARY_LOG_H
#define EVENTLOOP_DAEMON_LIBRARY_LOG_H

/* Call once, before there are loops and threads. */
void library_log_start(void);

#endif
