#include "daemon/process.h"

#include "base/fatal.h"
#include "co/co.h"
#include "co/loop.h"
#include "daemon/revocation_watch.h"
#include "link/link.h"
#include "telemetry/log.h"

#include <unistd.h>

#define LOOK_AGAIN (5 * CLOCK_MILLISECOND)
/* How long clients of the link may take to hang up once all is answered. */
#define HANG_UP (500 * CLOCK_MILLISECOND)
/* How long cancelled requests may take to end. */
#define CANCEL (500 * CLOCK_MILLISECOND)
/* How much longer than its grace a stop may take before the kernel ends the process, in seconds. */
#define STOP_SLACK 5

static size_t in_flight(const struct daemon_thread *thread)
{
	size_t count = thread->worker.http ? http_server_in_flight(thread->worker.http) : 0;
	count += thread->internal ? http_server_in_flight(thread->internal) : 0;
	return count + (thread->link ? link_server_in_flight(thread->link) : 0);
}

static void await_requests(const struct daemon_thread *thread, int64_t deadline)
{
	while (in_flight(thread) > 0 && deadline_left(deadline) > 0)
		(void)co_sleep_until(deadline_earlier(deadline, deadline_after(LOOK_AGAIN)));
}

static void await_hang_up(const struct daemon_thread *thread, int64_t deadline)
{
	while (thread->link && link_server_connections(thread->link) > 0 && deadline_left(deadline) > 0)
		(void)co_sleep_until(deadline_earlier(deadline, deadline_after(LOOK_AGAIN)));
}

static void await_starter(struct daemon_thread *thread)
{
	if (thread->starter)
		co_cancel(thread->starter);
	while (thread->starter)
		(void)co_sleep_until(deadline_after(LOOK_AGAIN));
}

/* Probes and scrapes are answered to the end: only then does the internal listener close. */
static void drain_internal(const struct daemon_thread *thread)
{
	if (!thread->internal)
		return;
	http_server_drain(thread->internal);
	await_requests(thread, deadline_after(CANCEL));
}

/* Refuses new requests and waits for those in flight, within the grace. */
static void drain(struct daemon_thread *thread)
{
	int64_t deadline = deadline_after(config_integer(thread->process->config, "shutdown_grace"));
	if (thread->worker.http)
		http_server_drain(thread->worker.http);
	if (thread->link)
		link_server_drain(thread->link);
	if (thread->app_started && thread->worker.spec->drain)
		thread->worker.spec->drain(&thread->worker);
	await_requests(thread, deadline);
	await_hang_up(thread, deadline_earlier(deadline, deadline_after(HANG_UP)));
	drain_internal(thread);
	if (in_flight(thread) == 0)
		return;
	log_event(LOG_WARNING, NULL, "the grace is over: requests are cut off",
		  LOG_NUMBER("requests", (int64_t)in_flight(thread)));
	if (thread->link)
		link_server_cancel(thread->link);
	await_requests(thread, deadline_after(CANCEL));
	thread->cut_off = in_flight(thread) > 0;
}

static void free_all(struct daemon_thread *thread)
{
	struct daemon_worker *worker = &thread->worker;
	background_worker_free(thread->jobs);
	thread->jobs = NULL;
	if (thread->relay)
		outbox_relay_stop(thread->relay);
	if (thread->app_started && worker->spec->stop)
		worker->spec->stop(worker);
	revocation_watch_free(thread->revocations);
	outbox_relay_free(thread->relay);
	link_server_free(thread->link);
	http_server_free(worker->http);
	http_server_free(thread->internal);
	http_representation_done(&thread->document);
	parts_free(thread);
	thread->revocations = NULL;
	thread->relay = NULL;
	thread->link = NULL;
	worker->http = NULL;
	thread->internal = NULL;
}

static void run_stop(void *argument)
{
	struct daemon_thread *thread = argument;
	await_starter(thread);
	atomic_store(&thread->state, THREAD_STOPPING);
	drain(thread);
	/* If requests are still running, nothing may be freed: the process ends as it is. */
	if (!thread->cut_off)
		free_all(thread);
	atomic_store(&thread->state, THREAD_DONE);
	loop_stop(thread->worker.loop);
}

void thread_stop(void *argument)
{
	struct daemon_thread *thread = argument;
	if (thread->stop_asked)
		return;
	thread->stop_asked = true;
	if (!co_spawn("stop", run_stop, thread))
		fatal("no coroutine is left to stop in");
}

static void stop_all(void *argument)
{
	struct daemon_process *process = argument;
	for (size_t i = 0; i < process->count; i++) {
		struct daemon_thread *thread = &process->threads[i];
		if (i == 0)
			thread_stop(thread);
		else if (thread->created && atomic_load(&thread->loop_ready))
			loop_post(thread->worker.loop, thread_stop, thread);
	}
}

void process_stop(struct daemon_process *process, int status)
{
	if (status != 0)
		atomic_store(&process->status, status);
	if (atomic_exchange(&process->stopping, true))
		return;
	unsigned grace = (unsigned)(config_integer(process->config, "shutdown_grace") / CLOCK_SECOND);
	(void)alarm(grace + STOP_SLACK);
	loop_post(process->threads[0].worker.loop, stop_all, process);
}
