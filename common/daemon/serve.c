#include "daemon/process.h"

#include "base/fatal.h"
#include "co/co.h"
#include "co/loop.h"
#include "daemon/settings.h"
#include "telemetry/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const int handled_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

/* --- threads --- */

static struct loop *make_loop(const struct daemon_process *process)
{
	struct loop_options options = {.max_coroutines = (size_t)config_integer(process->config, "max_coroutines")};
	return loop_new(&options);
}

static void on_started(struct daemon_thread *thread);

/* Runs the thread's loop until the thread was stopped. */
static void run_thread(struct daemon_thread *thread)
{
	thread_start(thread, on_started);
	/* The stop may have been asked for before the loop was there to be told. */
	if (atomic_load(&thread->process->stopping))
		thread_stop(thread);
	loop_run(thread->worker.loop);
	if (thread->cut_off)
		return;
	/* Lets connects and fetches that were cancelled end. */
	loop_run_until_idle(thread->worker.loop);
}

static void *thread_main(void *argument)
{
	struct daemon_thread *thread = argument;
	struct loop *loop = make_loop(thread->process);
	if (!loop)
		fatal("a thread cannot have a loop");
	thread->worker.loop = loop;
	atomic_store(&thread->loop_ready, true);
	run_thread(thread);
	if (!thread->cut_off)
		loop_free(loop);
	return NULL;
}

static void init_thread(struct daemon_process *process, size_t index)
{
	struct daemon_thread *thread = &process->threads[index];
	thread->process = process;
	thread->worker = (struct daemon_worker){
	    .spec = process->spec, .index = (int)index, .config = process->config, .api = process->api};
}

/* The other threads start after the first has bound the ports and started without an error. */
static void start_others(struct daemon_process *process)
{
	for (size_t i = 1; i < process->count; i++) {
		struct daemon_thread *thread = &process->threads[i];
		thread->created = pthread_create(&thread->id, NULL, thread_main, thread) == 0;
		if (thread->created)
			continue;
		log_event(LOG_ERROR, NULL, "a thread cannot be started");
		process_stop(process, 1);
		return;
	}
}

static void on_started(struct daemon_thread *thread)
{
	if (thread->worker.index == 0 && !atomic_load(&thread->process->stopping))
		start_others(thread->process);
}

/* --- signals, on the first thread --- */

static void reload(struct daemon_process *process)
{
	char *said = NULL;
	size_t size = 0;
	FILE *faults = open_memstream(&said, &size);
	int status = faults ? config_reload(process->config, faults) : -1;
	if (faults)
		(void)fclose(faults);
	log_each_line(LOG_WARNING, said ? said : "");
	free(said);
	if (status) {
		log_event(LOG_WARNING, NULL, "the settings were not read again: one of them is bad");
		return;
	}
	settings_apply_log(process->spec, process->config);
	log_event(LOG_INFO, NULL, "settings read again");
}

static void dump(void *argument)
{
	(void)argument;
	char *said = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&said, &size);
	if (!out)
		return;
	co_dump(out);
	(void)fclose(out);
	log_each_line(LOG_INFO, said);
	free(said);
}

static void dump_all(struct daemon_process *process)
{
	/* While stopping, other threads' loops go away. */
	size_t count = atomic_load(&process->stopping) ? 1 : process->count;
	for (size_t i = 0; i < count; i++) {
		struct daemon_thread *thread = &process->threads[i];
		if (i == 0 || (thread->created && atomic_load(&thread->loop_ready)))
			loop_post(thread->worker.loop, dump, NULL);
	}
}

static void on_signal(evutil_socket_t signal, short what, void *argument)
{
	struct daemon_process *process = argument;
	(void)what;
	if (signal == SIGHUP) {
		reload(process);
	} else if (signal == SIGUSR1) {
		dump_all(process);
	} else if (atomic_load(&process->stopping)) {
		log_event(LOG_WARNING, NULL, "stopped at once");
		_exit(128 + (int)signal);
	} else {
		log_event(LOG_INFO, NULL, "stopping");
		process_stop(process, 0);
	}
}

static void block_signals(int how)
{
	sigset_t set;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(handled_signals); i++)
		(void)sigaddset(&set, handled_signals[i]);
	(void)pthread_sigmask(how, &set, NULL);
}

static void watch_signals(struct daemon_process *process, struct event **events)
{
	struct event_base *base = loop_base(process->threads[0].worker.loop);
	for (size_t i = 0; i < ARRAY_SIZE(handled_signals); i++) {
		events[i] = evsignal_new(base, handled_signals[i], on_signal, process);
		if (!events[i] || event_add(events[i], NULL))
			fatal("signals cannot be watched");
	}
}

/* --- serving --- */

/* With SO_REUSEPORT a port that another process of ours listens on counts as free: without it, it does not. */
static bool port_taken(const char *host, uint16_t port)
{
	struct sockaddr_storage address = {0};
	int length = sizeof(address), one = 1;
	host = host[0] != '\0' ? host : "0.0.0.0";
	char text[INET6_ADDRSTRLEN + 16];
	(void)snprintf(text, sizeof(text), strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
	if (port == 0 || evutil_parse_sockaddr_port(text, (struct sockaddr *)&address, &length))
		return false;
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	bool taken = bind(fd, (struct sockaddr *)&address, (socklen_t)length) != 0 && errno == EADDRINUSE;
	(void)close(fd);
	if (taken)
		log_event(LOG_ERROR, NULL, "the port is taken", LOG_STRING("address", text));
	return taken;
}

static const char *every(const char *host)
{
	return host[0] != '\0' ? host : "0.0.0.0";
}

/* Where a daemon may listen. */
struct door {
	const char *host;
	uint16_t port; /* 0: nowhere, or any free port */
};

static bool same_door(const struct door *one, const struct door *other)
{
	return one->port != 0 && one->port == other->port && strcmp(every(one->host), every(other->host)) == 0;
}

/* Two listeners of ours on one port would share its connections, each refusing what is the other's. */
static bool ports_clash(const struct door doors[static 3]) /* HTTP's, the link's, the internal one */
{
	bool clash = (doors[0].port != 0 && doors[0].port == doors[1].port) || same_door(&doors[0], &doors[2]) ||
		     same_door(&doors[1], &doors[2]);
	if (clash)
		log_event(LOG_ERROR, NULL, "port, link_port and the port of internal_listen must differ");
	return clash;
}

static const char *link_address(const struct daemon_process *process)
{
	return process->spec->uncalled ? "" : config_text(process->config, "link_address");
}

/* Reads where to listen, and whether that can be had. */
static int take_ports(struct daemon_process *process)
{
	int internal = settings_internal_listen(process->config, &process->internal);
	process->has_internal = internal > 0;
	process->port = (uint16_t)config_integer(process->config, "port");
	process->link_port = process->spec->uncalled ? 0 : settings_link_port(process->config);
	if (internal < 0) {
		log_event(LOG_ERROR, NULL, "internal_listen must be a numeric address and a port, as 127.0.0.1:8081",
			  LOG_STRING("address", config_text(process->config, "internal_listen")));
		return -1;
	}
	const struct door doors[] = {
	    {config_text(process->config, "listen_address"), process->port},
	    {link_address(process), process->link_port},
	    {process->internal.host, process->internal.port},
	};
	if (ports_clash(doors))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(doors); i++) {
		if (port_taken(doors[i].host, doors[i].port))
			return -1;
	}
	return 0;
}

/* Waits for the other threads. True when none left requests behind. */
static bool join_others(struct daemon_process *process)
{
	bool clean = !process->threads[0].cut_off;
	for (size_t i = 1; i < process->count; i++) {
		struct daemon_thread *thread = &process->threads[i];
		if (thread->created)
			(void)pthread_join(thread->id, NULL);
		clean = clean && !thread->cut_off;
	}
	return clean;
}

int process_serve(struct daemon_process *process)
{
	process->count = (size_t)config_integer(process->config, "workers");
	process->threads = must_calloc(process->count, sizeof(*process->threads));
	if (take_ports(process))
		return 1;
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < process->count; i++)
		init_thread(process, i);
	struct loop *loop = make_loop(process);
	if (!loop)
		return 1;
	process->threads[0].worker.loop = loop;
	struct event *events[ARRAY_SIZE(handled_signals)];
	watch_signals(process, events);
	block_signals(SIG_UNBLOCK);
	run_thread(&process->threads[0]);
	bool clean = join_others(process);
	log_event(LOG_INFO, NULL, "stopped");
	if (!clean)
		_exit(atomic_load(&process->status));
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		event_free(events[i]);
	loop_free(loop);
	return atomic_load(&process->status);
}

void process_hold_signals(void)
{
	block_signals(SIG_BLOCK);
}
