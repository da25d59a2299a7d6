#include "daemon/process.h"

#include "api/api.h"
#include "api/fact_check.h"
#include "base/fatal.h"
#include "base/memory.h"
#include "base/version.h"
#include "co/co.h"
#include "co/loop.h"
#include "co/offload.h"
#include "daemon/fact_api.h"
#include "daemon/settings.h"
#include "telemetry/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libpq brings GnuTLS for LDAP, which no daemon speaks. GnuTLS asks for this function (GNUTLS_SKIP_GLOBAL_INIT of its
 * manual) before it initialises itself at the start of the program: 0.8 MiB of each daemon's memory. Code that uses
 * GnuTLS nevertheless initialises it then. */
int _gnutls_global_init_skip(void);
int _gnutls_global_init_skip(void)
{
	return 1;
}

static size_t offload_threads(const struct config *config)
{
	int64_t threads = config_integer(config, "offload_threads");
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (threads > 0)
		return (size_t)threads;
	return cores > 0 ? (size_t)cores : 1;
}

int process_prepare(struct daemon_process *process)
{
	const struct daemon_spec *spec = process->spec;
	char title[64], server[DAEMON_TEXT_SIZE], error[DAEMON_TEXT_SIZE];
	const struct api_about about = {title, version_number, server};
	(void)snprintf(title, sizeof(title), "EventLoop %s", spec->name);
	settings_rpc_url(process->config, server, sizeof(server));
	process->api_files = fact_api_files(spec);
	memory_thrift_begin();
	process->api = api_load(process->api_files, &about, error, sizeof(error));
	memory_thrift_end();
	if (!process->api) {
		log_event(LOG_ERROR, NULL, "the API files are not good", LOG_STRING("cause", error));
		return -1;
	}
	if (fact_api_check(spec, process->api))
		return -1;
	size_t queue = (size_t)config_integer(process->config, "offload_queue");
	struct offload_pool *pool = offload_pool_new(offload_threads(process->config), queue);
	if (!pool) {
		log_event(LOG_ERROR, NULL, "a thread cannot be started");
		return -1;
	}
	offload_pool_set_nice(pool, (int)config_integer(process->config, "offload_nice"));
	offload_set_default(pool);
	if (spec->fact_handlers)
		outbox_consume(spec->fact_handlers);
	background_job_kinds(spec->background_jobs);
	return 0;
}

void process_finish(struct daemon_process *process)
{
	struct offload_pool *pool = offload_default();
	offload_set_default(NULL);
	if (pool)
		offload_pool_free(pool);
	free(process->threads);
	fact_check_end();
	api_free(process->api);
	fact_api_free(process->api_files);
	config_free(process->config);
}

/* What a command runs with. */
struct command_run {
	struct daemon_thread thread;
	bool clients;
	int (*function)(struct daemon_thread *thread, struct context *ctx);
	int status;
};

static int run_with_parts(struct command_run *run, struct context *ctx)
{
	if (run->clients && parts_make(&run->thread, ctx)) {
		log_error_of(LOG_ERROR, ctx, "the command cannot start");
		return 1;
	}
	return run->function(&run->thread, ctx);
}

static void run_command(void *argument)
{
	struct command_run *run = argument;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	co_set_context(&ctx);
	run->status = run_with_parts(run, &ctx);
	context_done(&ctx);
	parts_free(&run->thread);
}

int process_run(struct daemon_process *process, bool clients,
		int (*function)(struct daemon_thread *thread, struct context *ctx))
{
	struct command_run *run = must_calloc(1, sizeof(*run));
	struct loop *loop = loop_new(NULL);
	int status = 1;
	run->clients = clients;
	run->function = function;
	run->status = 1;
	run->thread.process = process;
	run->thread.worker =
	    (struct daemon_worker){.spec = process->spec, .loop = loop, .config = process->config, .api = process->api};
	if (loop && co_spawn("command", run_command, run)) {
		loop_run_until_idle(loop);
		status = run->status;
	}
	loop_free(loop);
	free(run);
	return status;
}
