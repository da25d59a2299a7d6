/*
 * Gauges that are read when somebody asks: coroutines, connections, requests in flight, memory, CPU.
 */
#ifndef EVENTLOOP_DAEMON_PROCESS_METRICS_H
#define EVENTLOOP_DAEMON_PROCESS_METRICS_H

struct daemon_thread;

/* Sets this thread's and the process's gauges, and asks the other threads to set theirs (shown at the next scrape). */
void process_metrics_sample(struct daemon_thread *thread);

#endif
