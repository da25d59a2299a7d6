#include "daemon/daemon.h"

#include "base/version.h"
#include "daemon/arguments.h"
#include "daemon/data_check.h"
#include "daemon/library_log.h"
#include "daemon/process.h"
#include "daemon/settings.h"
#include "postgres/migrate.h"
#include "rpc/common_migrations.h"
#include "telemetry/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USAGE_STATUS 2
#define DATABASE_TIMEOUT (30 * CLOCK_SECOND)

/* --- commands --- */

static int run_migrate(struct daemon_thread *thread, struct context *ctx)
{
	const struct daemon_process *process = thread->process;
	int applied = migrate_run(ctx, config_text(process->config, "database_url"), process->migrations);
	if (applied < 0) {
		log_error_of(LOG_ERROR, ctx, "the database was not brought up to date");
		return 1;
	}
	log_event(LOG_INFO, NULL, "the database is up to date", LOG_NUMBER("applied", applied));
	return 0;
}

static int command_migrate(struct daemon_process *process)
{
	if (!process->spec->migrations)
		return 0;
	return process_run(process, false, run_migrate);
}

static int command_serve(struct daemon_process *process)
{
	process_hold_signals();
	if (config_boolean(process->config, "migrate") && command_migrate(process))
		return 1;
	if (process_prepare(process))
		return 1;
	return process_serve(process);
}

static int list_dead_letters(struct daemon_thread *thread, struct context *ctx)
{
	struct pg_result *letters = outbox_dead_letters(ctx, thread->worker.db);
	if (!letters) {
		log_error_of(LOG_ERROR, ctx, "the dead letters cannot be read");
		return 1;
	}
	for (size_t i = 0; i < pg_count(letters); i++)
		printf("%s\n", pg_text(letters, i, 0));
	return 0;
}

static int replay_dead_letters(struct daemon_thread *thread, struct context *ctx)
{
	const struct daemon_process *process = thread->process;
	int64_t count = outbox_replay(ctx, thread->worker.db, process->argc == 2 ? process->argv[1] : NULL);
	if (count < 0) {
		log_error_of(LOG_ERROR, ctx, "no dead letters were replayed");
		return 1;
	}
	log_event(LOG_INFO, NULL, "facts will be delivered again", LOG_NUMBER("count", count));
	return 0;
}

static int run_dead_letters(struct daemon_thread *thread, struct context *ctx)
{
	const struct daemon_process *process = thread->process;
	const char *verb = process->argc > 0 ? process->argv[0] : "";
	ctx->deadline = deadline_after(DATABASE_TIMEOUT);
	if (strcmp(verb, "list") == 0 && process->argc == 1)
		return list_dead_letters(thread, ctx);
	if (strcmp(verb, "replay") == 0 && process->argc <= 2)
		return replay_dead_letters(thread, ctx);
	log_event(LOG_ERROR, NULL, "usage: dead-letters list | dead-letters replay [DAEMON]");
	return USAGE_STATUS;
}

static int run_checks(struct daemon_thread *thread, struct context *ctx)
{
	if (thread->process->argc == 0)
		return data_check_run(&thread->worker, ctx);
	log_event(LOG_ERROR, NULL, "check takes no arguments");
	return USAGE_STATUS;
}

static int run_on_database(struct daemon_process *process,
			   int (*function)(struct daemon_thread *thread, struct context *ctx))
{
	if (!process->spec->migrations) {
		log_event(LOG_ERROR, NULL, "this daemon has no database");
		return USAGE_STATUS;
	}
	return process_prepare(process) ? 1 : process_run(process, true, function);
}

static const struct daemon_command *own_command;

/* A command finds what the daemon keeps for its requests (worker->app), as they do. */
static int run_own(struct daemon_thread *thread, struct context *ctx)
{
	const struct daemon_process *process = thread->process;
	struct daemon_worker *worker = &thread->worker;
	int status = 1;
	if (process->spec->start && process->spec->start(worker, ctx))
		log_error_of(LOG_ERROR, ctx, "the command cannot start");
	else
		status = own_command->run(worker, ctx, process->argc, process->argv);
	if (process->spec->stop)
		process->spec->stop(worker);
	return status;
}

static int run_command(struct daemon_process *process, const char *name)
{
	bool serve = strcmp(name, "serve") == 0, migrate = strcmp(name, "migrate") == 0;
	library_log_start();
	if ((serve || migrate) && process->argc > 0) {
		log_event(LOG_ERROR, NULL, "an unknown argument; see --help", LOG_STRING("argument", process->argv[0]));
		return USAGE_STATUS;
	}
	if (serve)
		return command_serve(process);
	/* Standard output is for what a command was asked for. */
	log_set_output(STDERR_FILENO);
	if (migrate)
		return command_migrate(process);
	if (strcmp(name, "dead-letters") == 0)
		return run_on_database(process, run_dead_letters);
	if (strcmp(name, "check") == 0)
		return run_on_database(process, run_checks);
	for (own_command = process->spec->commands; own_command && own_command->name; own_command++) {
		if (strcmp(own_command->name, name) == 0)
			return process_prepare(process) ? 1 : process_run(process, true, run_own);
	}
	log_event(LOG_ERROR, NULL, "there is no such command; see --help", LOG_STRING("argument", name));
	return USAGE_STATUS;
}

/* --- the command line --- */

static void print_help(const struct daemon_spec *spec, const struct config *config)
{
	printf("usage: eventloop-%s [COMMAND] [SETTINGS]\n\n"
	       "  serve                     answers until SIGTERM (the default)\n"
	       "  migrate                   brings the database up to date\n"
	       "  dead-letters list         shows the facts that were given up, a JSON object a line\n"
	       "  dead-letters replay [DAEMON]\n"
	       "                            has them delivered again, to all or to that daemon\n"
	       "  check                     lists what is stored and breaks a rule of today, a JSON object a line\n",
	       spec->name);
	for (const struct daemon_command *command = spec->commands; command && command->name; command++)
		printf("  %s %s\n", command->name, command->help);
	printf("  --version                 version and commit\n"
	       "  --print-config            the settings in effect\n"
	       "  --config FILE             reads settings from a file\n\n");
	config_print_help(config, stdout);
}

/* Faults of settings are log lines too, so that log collectors get them. */
static int load_settings(const struct daemon_process *process, const struct arguments *arguments)
{
	char *said = NULL;
	size_t size = 0;
	FILE *faults = open_memstream(&said, &size);
	if (!faults)
		return -1;
	int status = config_load(process->config, arguments->setting_count, arguments->settings, faults);
	(void)fclose(faults);
	log_each_line(LOG_ERROR, said);
	free(said);
	return status;
}

static int run_arguments(struct daemon_process *process, const struct arguments *arguments)
{
	if (arguments->version) {
		printf("eventloop-%s %s (%s)\n", process->spec->name, version_number, version_commit);
		return 0;
	}
	if (arguments->help) {
		print_help(process->spec, process->config);
		return 0;
	}
	log_configure(process->spec->name, LOG_INFO, LOG_JSON);
	if (load_settings(process, arguments))
		return USAGE_STATUS;
	if (arguments->print_config) {
		config_print(process->config, stdout);
		return 0;
	}
	process->argc = arguments->rest_count;
	process->argv = arguments->rest;
	settings_apply_log(process->spec, process->config);
	return run_command(process, arguments->command);
}

int daemon_main(int argc, char **argv, const struct daemon_spec *spec)
{
	struct daemon_process process = {.spec = spec, .migrations = {common_migrations, spec->migrations}};
	process.config = config_new(spec->name, settings_table(spec), spec->options);
	struct arguments arguments;
	arguments_read(&arguments, spec, argc, argv);
	int status = run_arguments(&process, &arguments);
	process_finish(&process);
	arguments_free(&arguments);
	return status;
}
