#include "daemon/process_metrics.h"

#include "base/clock.h"
#include "co/loop.h"
#include "co/offload.h"
#include "daemon/process.h"
#include "link/link.h"
#include "telemetry/metrics.h"
#include "token/revocation.h"
#include "token/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void set(enum metric_kind kind, const char *name, const char *help, int index, int64_t value)
{
	char worker[12];
	(void)snprintf(worker, sizeof(worker), "%d", index);
	struct metric_family *family = metric_register(kind, name, help, "worker");
	metric_set(metric_series(family, (const char *const[]){worker}), value);
}

static void sample_thread(void *argument)
{
	const struct daemon_thread *thread = argument;
	const struct daemon_worker *worker = &thread->worker;
	struct loop_stats loop;
	loop_stats(worker->loop, &loop);
	set(METRIC_GAUGE, "eventloop_coroutines", "Coroutines alive.", worker->index, (int64_t)loop.alive);
	set(METRIC_GAUGE, "eventloop_coroutines_peak", "Most coroutines alive at once.", worker->index,
	    (int64_t)loop.alive_peak);
	if (worker->http) {
		set(METRIC_GAUGE, "eventloop_http_connections", "HTTP connections.", worker->index,
		    (int64_t)http_server_connections(worker->http));
		set(METRIC_GAUGE, "eventloop_http_in_flight", "HTTP requests being handled.", worker->index,
		    (int64_t)http_server_in_flight(worker->http));
		set(METRIC_GAUGE, "eventloop_http_held_bytes", "HTTP bodies and answers that wait in memory.",
		    worker->index, (int64_t)http_server_held(worker->http));
	}
	if (thread->link) {
		set(METRIC_GAUGE, "eventloop_link_connections", "Connections of the link.", worker->index,
		    (int64_t)link_server_connections(thread->link));
		set(METRIC_GAUGE, "eventloop_link_in_flight", "Requests of the link being handled.", worker->index,
		    (int64_t)link_server_in_flight(thread->link));
	}
	if (worker->verifier) {
		struct token_verifier_stats tokens;
		token_verifier_stats(worker->verifier, &tokens);
		set(METRIC_GAUGE, "eventloop_token_cache_size", "Verified tokens remembered.", worker->index,
		    (int64_t)tokens.remembered);
		set(METRIC_COUNTER, "eventloop_token_cache_hits_total", "Tokens that were known.", worker->index,
		    (int64_t)tokens.hits);
		set(METRIC_COUNTER, "eventloop_token_cache_misses_total", "Tokens that were not.", worker->index,
		    (int64_t)tokens.misses);
	}
}

static int64_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file)
		return 0;
	char line[200];
	const char *read = fgets(line, sizeof(line), file);
	(void)fclose(file);
	const char *second = read ? strchr(line, ' ') : NULL;
	return second ? strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

/* Wall time of this process's start: field 22 of proc(5)'s stat, in ticks since the machine's. 0: not known. */
static int64_t start_time(void)
{
	FILE *file = fopen("/proc/self/stat", "re");
	if (!file)
		return 0;
	char line[1000];
	const char *field = fgets(line, sizeof(line), file);
	(void)fclose(file);
	field = field ? strrchr(line, ')') : NULL; /* the end of the second one, which may hold blanks */
	for (int i = 2; field && i < 22; i++)
		field = strchr(field + 1, ' ');
	struct timespec up;
	if (!field || clock_gettime(CLOCK_BOOTTIME, &up) != 0)
		return 0;
	int64_t started = strtoll(field, NULL, 10) * (CLOCK_SECOND / sysconf(_SC_CLK_TCK));
	return clock_wall() - (up.tv_sec * CLOCK_SECOND + up.tv_nsec / 1000 - started);
}

static void sample_process(void)
{
	metric_set(metric_single(METRIC_GAUGE, "process_resident_memory_bytes", "Resident memory."), resident_bytes());
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		int64_t seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
		int64_t microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
		metric_set(metric_single(METRIC_COUNTER_SECONDS, "process_cpu_seconds_total", "CPU time used."),
			   seconds * 1000000 + microseconds);
	}
	struct metric *started =
	    metric_single(METRIC_GAUGE_SECONDS, "process_start_time_seconds", "Start of the process, since 1970.");
	if (metric_value(started) == 0)
		metric_set(started, start_time());
	metric_set(metric_single(METRIC_GAUGE, "eventloop_revocation_entries", "Revocations of tokens kept."),
		   (int64_t)token_revocation_count());
	metric_set(metric_single(METRIC_GAUGE_SECONDS, "eventloop_revocation_age_seconds",
				 "Since all revocations were known; grows while passport cannot be heard."),
		   token_revocation_age());
	if (offload_default())
		metric_set(
		    metric_single(METRIC_GAUGE, "eventloop_offload_queue_length", "Jobs that wait for a thread."),
		    (int64_t)offload_queued(offload_default()));
}

void process_metrics_sample(struct daemon_thread *thread)
{
	struct daemon_process *process = thread->process;
	sample_process();
	sample_thread(thread);
	for (size_t i = 0; i < process->count; i++) {
		struct daemon_thread *other = &process->threads[i];
		if (other != thread && atomic_load(&other->state) == THREAD_SERVING)
			loop_post(other->worker.loop, sample_thread, other);
	}
}
