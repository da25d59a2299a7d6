/*
 * What libraries would write to standard error by themselves becomes lines of the log.
 *
 * Purpose: a daemon's output is log lines and nothing else. Here is libevent, which every daemon has; a daemon that
 * brings another library that speaks redirects it when it starts it (images/start.c). libpq's notices are dropped
 * where connections are made, and libcurl says nothing unless it is asked to.
 */
#ifndef EVENTLOOP_DAEMON_LIBRARY_LOG_H
#define EVENTLOOP_DAEMON_LIBRARY_LOG_H

/* Call once, before there are loops and threads. */
void library_log_start(void);

#endif
