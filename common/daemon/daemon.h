/*
 * What every daemon is made of: configuration, logs, metrics, health, database, HTTP, link, authentication, facts, and
 * a graceful stop, all on by default.
 *
 * Use: a daemon's main.c fills one struct daemon_spec and returns daemon_main(argc, argv, &spec).
 * Commands: serve (also when none is named), migrate, dead-letters, check, --version, --help, --print-config, and the
 * spec's own. Signals: SIGTERM and SIGINT stop gracefully (readiness off, no new requests, those in flight end within
 * shutdown_grace), a second one at once; SIGHUP reads the reloadable settings again; SIGUSR1 logs all
 * coroutines.
 * Output: log lines and nothing else, but for what a command was asked for (--help, a list, the summary of an import),
 * which stands on standard output alone: the log lines of all commands but serve go to standard error.
 * Endpoints: POST /rpc, GET /livez, /readyz, /metrics (on an address of their own with internal_listen), /openrpc.json,
 * and rpc.discover.
 * Threads: `workers` threads, each with a loop and a struct daemon_worker of its own; nothing is shared but the API,
 * the configuration and the offload pool.
 */
#ifndef EVENTLOOP_DAEMON_DAEMON_H
#define EVENTLOOP_DAEMON_DAEMON_H

#include "base/embed.h"
#include "config/config.h"
#include "http/server.h"
#include "outbox/background_job.h"
#include "outbox/outbox.h"
#include "rpc/call.h"

#include <stdint.h>

struct api;
struct daemon_worker;
struct data_check;
struct http_client;
struct loop;
struct rpc_dispatcher;
struct token_verifier;

/* One thread of a daemon. Everything here is borrowed and lives as long as the thread. */
struct daemon_worker {
	const struct daemon_spec *spec;
	int index; /* 0 for the first; periodic work of the whole process belongs to it */
	struct loop *loop;
	struct config *config;
	const struct api *api;
	struct pg *db; /* NULL for a daemon without a database */
	struct http_server *http;
	struct http_client *http_client;
	struct rpc_client *client;
	struct token_verifier *verifier;
	struct rpc_dispatcher *dispatcher;
	void *app; /* the daemon's own, set by start */
};

/* A command beside serve, run in a coroutine between the spec's start and stop, with a worker that has config, db,
 * clients and app but serves nothing (http is NULL). argv: what follows the command and was not a setting. Returns the
 * exit status. */
struct daemon_command {
	const char *name; /* "import"; NULL ends a table */
	const char *help; /* "FILE: loads listings and bookings from NDJSON" */
	int (*run)(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv);
};

/* What a daemon is. All static. */
struct daemon_spec {
	const char *name;
	uint16_t port;				/* default of the setting; the link's is port + 100 */
	bool uncalled;				/* the gateway: no daemon calls it, so it opens no link */
	const struct embedded_file *api;	/* NULL-name ended tables from embed_files() */
	const struct embedded_file *migrations; /* NULL: no database */
	const struct rpc_handler *handlers;
	const struct fact_handler *fact_handlers;	   /* NULL: consumes none */
	const struct embedded_file *fact_lists;		   /* facts.json of all daemons; NULL: has none itself */
	const struct background_job_kind *background_jobs; /* what it does in batches; NULL: nothing */
	const char *const *fact_subscribers;		   /* daemons told of this one's facts; NULL: none */
	const struct outbox_own *own_facts;		   /* takes those of the daemon itself; NULL: nothing does */
	const struct config_option *options;		   /* the daemon's own settings; NULL: none */
	const struct daemon_command *commands;		   /* NULL: none */
	const struct data_check *const *checks; /* of what is stored (daemon/data_check.h), ended by NULL; NULL: none */
	bool issues_tokens;			/* passport: verifies with its own keys, fetches no JWKS */
	bool direct_http;			/* default of http_engine: direct instead of evhttp */
	/* Runs in a coroutine of each worker, once the database is there and its schema fits, before the worker takes
	 * calls: makes worker->app, adds routes (the server listens already, for the probes, so they must be able to
	 * serve at once). -1 stops the daemon with the error in ctx. May be NULL. */
	int (*start)(struct daemon_worker *worker, struct context *ctx);
	/* Runs in a coroutine when the worker stops, after the last request; also when start failed. May be NULL. */
	void (*stop)(struct daemon_worker *worker);
	/* Runs on the worker's loop when it takes no new requests any more, before those in flight are awaited: used to
	 * end long polls. May be NULL. */
	void (*drain)(struct daemon_worker *worker);
	/* Additional readiness: 0, or -1 with the reason in ctx. May be NULL. */
	int (*ready)(struct daemon_worker *worker, struct context *ctx);
	/* Replaces the built-in handling of POST /rpc (the gateway's own); argument: the worker. GET /openrpc.json is
	 * then its start function's to route, too. NULL: dispatch. */
	http_handler *rpc_endpoint;
	/* passport: makes a service token for this daemon itself, in ctx's arena, and its lifetime in microseconds;
	 * NULL with an error. NULL for the others: they fetch theirs from passport. */
	const char *(*make_service_token)(struct daemon_worker *worker, struct context *ctx, int64_t *ret_lifetime);
	/* passport: looks rights up in its own database. NULL for the others: they ask passport. */
	rpc_right_function *find_right;
};

/* Runs the command line. Returns the process's exit status. */
int daemon_main(int argc, char **argv, const struct daemon_spec *spec);

#endif
