/*
 * A running daemon: its process and its threads. For the files of this folder alone.
 *
 * Ownership: the process owns what its threads share (configuration, API, offload pool); a thread owns the rest.
 * Life of a thread: THREAD_STARTING (listens for the probes, waits for the database, runs the daemon's start function),
 * THREAD_SERVING, THREAD_STOPPING, THREAD_DONE.
 */
#ifndef EVENTLOOP_DAEMON_PROCESS_H
#define EVENTLOOP_DAEMON_PROCESS_H

#include "api/api.h"
#include "daemon/daemon.h"
#include "daemon/settings.h"
#include "http/representation.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct co;
struct link_server;
struct revocation_watch;

#define DAEMON_MAX_THREADS 64
#define DAEMON_TEXT_SIZE 300

struct daemon_process;

enum thread_state { THREAD_STARTING, THREAD_SERVING, THREAD_STOPPING, THREAD_DONE };

struct daemon_thread {
	struct daemon_worker worker; /* first: a worker is its thread */
	struct daemon_process *process;
	pthread_t id;
	bool created;		/* by pthread_create: to be joined */
	atomic_bool loop_ready; /* worker.loop can be posted to */
	_Atomic(enum thread_state) state;
	struct http_server *internal; /* for probes and scrapes; NULL without internal_listen */
	struct http_representation document;
	struct pg *lanes[API_LANE_COUNT]; /* database connections by x-lane; NULL where the daemon has none */
	struct link_server *link;
	struct outbox_relay *relay;
	struct background_worker *jobs;
	struct revocation_watch *revocations;
	struct co *starter; /* NULL once the start has ended */
	void (*on_started)(struct daemon_thread *thread);
	bool app_started;
	bool stop_asked;
	bool cut_off;			    /* requests were left behind at the end of the grace */
	int64_t schema_checked;		    /* monotonic, when it last fitted; 0: never */
	char waiting_for[DAEMON_TEXT_SIZE]; /* why the start does not go on */
};

struct daemon_process {
	const struct daemon_spec *spec;
	struct config *config;
	struct api *api;
	struct embedded_file *api_files;	   /* the spec's and the common ones */
	const struct embedded_file *migrations[3]; /* common's, the daemon's, NULL */
	size_t count;
	struct daemon_thread *threads;
	uint16_t port, link_port; /* bound by the first thread */
	bool has_internal;	  /* internal_listen is set */
	struct settings_address internal;
	atomic_bool stopping;
	atomic_int status; /* exit status so far */
	int argc;	   /* what follows the command */
	char *const *argv;
};

/* --- process.c: what the commands share --- */

/* Loads the API files and starts the offload pool. -1 after having logged why. */
int process_prepare(struct daemon_process *process) MUST_CHECK;

/* Frees it all. */
void process_finish(struct daemon_process *process);

/* Runs function(thread, ctx) in a coroutine on the calling thread's loop, made for it, with clients and database when
 * `clients`; returns what the function does. For commands. */
int process_run(struct daemon_process *process, bool clients,
		int (*function)(struct daemon_thread *thread, struct context *ctx));

/* --- serve.c --- */

/* Serves until stopped by a signal. Returns the exit status. */
int process_serve(struct daemon_process *process);

/* Blocks the signals that serving handles in all threads made from now on; call it before any is made. */
void process_hold_signals(void);

/* --- parts.c: what a thread is made of --- */

/* Makes database, clients, verifier and dispatcher. -1 with the error in ctx. */
int parts_make(struct daemon_thread *thread, struct context *ctx) MUST_CHECK;

/* Frees them. Nothing may use them any more. */
void parts_free(struct daemon_thread *thread) MAY_SUSPEND;

/* --- start.c, stop.c: the life of a serving thread, in coroutines of its own --- */

/* Starts the thread's parts on its loop, which exists; from then on it goes by itself. on_started is called on the
 * thread when its start has ended, well or not. */
void thread_start(struct daemon_thread *thread, void (*on_started)(struct daemon_thread *thread));

/* Stops the thread (argument); ends its loop when done. On the thread's loop. */
void thread_stop(void *argument);

/* Asks all threads to stop; status: of the exit, unless a worse one is known. From any thread. */
void process_stop(struct daemon_process *process, int status);

/* --- health.c --- */

/* Adds /livez, /readyz, /metrics to the thread's internal listener, or to its only one. */
void health_routes(struct daemon_thread *thread);

/* Checks that the database's schema fits, unless that was checked a moment ago. -1 with why not in ctx. */
int health_check_schema(struct daemon_thread *thread, struct context *ctx) MAY_SUSPEND MUST_CHECK;

#endif
