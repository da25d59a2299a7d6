/* LISTEN on a connection of its own, by the simple protocol: notifications do not mix with a pooled pipeline. */
#include "postgres/internal.h"
#include "postgres/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pg_listener {
	struct pg_link link; /* first: callbacks get it */
	struct pg_target target;
	void (*function)(const char *payload, void *argument);
	void *argument;
	bool listening;
	char channel[64];
};

static void listener_up(struct pg_link *link)
{
	struct pg_listener *listener = (struct pg_listener *)link;
	char *name = PQescapeIdentifier(link->conn, listener->channel, strlen(listener->channel));
	char sql[160];
	(void)snprintf(sql, sizeof(sql), "LISTEN %s", name ? name : "");
	PQfreemem(name);
	listener->listening = false;
	if (!PQsendQuery(link->conn, sql)) {
		pg_link_fail(link, PQerrorMessage(link->conn));
		return;
	}
	pg_link_flush(link);
}

/* Reads the answer to LISTEN. From then on nothing is missed; what was before has to be looked for. */
static void take_answer(struct pg_listener *listener)
{
	PGresult *result = PQgetResult(listener->link.conn);
	if (result && PQresultStatus(result) != PGRES_COMMAND_OK)
		pg_link_fail(&listener->link, PQresultErrorMessage(result));
	if (!result) {
		listener->listening = true;
		listener->function(NULL, listener->argument);
	}
	PQclear(result);
}

static void listener_input(struct pg_link *link)
{
	struct pg_listener *listener = (struct pg_listener *)link;
	PGnotify *notify;
	if (!PQconsumeInput(link->conn)) {
		pg_link_fail(link, PQerrorMessage(link->conn));
		return;
	}
	while (!listener->listening && link->state == PG_LINK_UP && !PQisBusy(link->conn))
		take_answer(listener);
	while (link->state == PG_LINK_UP && (notify = PQnotifies(link->conn))) {
		if (strcmp(notify->relname, listener->channel) == 0)
			listener->function(notify->extra, listener->argument);
		PQfreemem(notify);
	}
}

static void listener_down(struct pg_link *link, bool was_up)
{
	(void)link;
	(void)was_up; /* the function hears of it when listening goes on */
}

struct pg_listener *pg_listen(struct pg *pg, const char *channel, void (*function)(const char *payload, void *argument),
			      void *argument)
{
	struct pg_listener *listener = calloc(1, sizeof(*listener));
	if (!listener || pg_target_init(&listener->target, pg->target.url) != 0)
		abort();
	(void)snprintf(listener->channel, sizeof(listener->channel), "%s", channel);
	listener->function = function;
	listener->argument = argument;
	listener->link = (struct pg_link){
	    .target = &listener->target, .up = listener_up, .input_ready = listener_input, .down = listener_down};
	pg_link_open(&listener->link);
	return listener;
}

void pg_listener_free(struct pg_listener *listener)
{
	if (!listener)
		return;
	pg_link_close(&listener->link);
	pg_target_done(&listener->target);
	free(listener);
}
