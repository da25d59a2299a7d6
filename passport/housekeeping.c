#include "housekeeping.h"

#include "base/fatal.h"
#include "co/task.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "postgres/postgres.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

#include <stdlib.h>

#define BATCH 500
#define BATCH_TEXT "500"
#define PAUSE (50 * CLOCK_MILLISECOND) /* after a full batch: others come first */
#define POLL_MAX (60 * CLOCK_SECOND)   /* how long an overdue run waits for somebody to take it */
#define STATEMENT_DEADLINE (30 * CLOCK_SECOND)

/* What is expired, in one table. The statement removes at most BATCH rows. */
struct chore {
	const char *table;
	const char *setting; /* a duration, $1 in microseconds; NULL: the statement has no parameter */
	const char *sql;
};

#define RETAINED_SINCE "now() - $1::bigint * interval '1 microsecond'"
#define OVER "least(s.ended_at, s.idle_expires_at, s.expires_at) < now() - interval '30 days'"

/* Ids of events begin with the millisecond that they were made in. */
#define FIRST_RETAINED \
	"(lpad(to_hex((extract(epoch FROM " RETAINED_SINCE ") * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid"

/* The tokens of a session go before it: there may be thousands, and one statement is to be a small one. */
static const struct chore chores[] = {
    {"refresh_token", "session_idle",
     "DELETE FROM refresh_token WHERE hash IN (SELECT hash FROM refresh_token WHERE used_at < " RETAINED_SINCE " "
     "ORDER BY used_at LIMIT " BATCH_TEXT ")"},
    {"refresh_token", NULL,
     "DELETE FROM refresh_token WHERE hash IN (SELECT t.hash FROM session s "
     "JOIN refresh_token t ON t.session_id = s.id "
     "WHERE " OVER " LIMIT " BATCH_TEXT ")"},
    {"session", NULL,
     "DELETE FROM session WHERE id IN (SELECT s.id FROM session s WHERE " OVER " "
     "AND NOT EXISTS (SELECT FROM refresh_token t WHERE t.session_id = s.id) LIMIT " BATCH_TEXT ")"},
    {"registration", NULL,
     "DELETE FROM registration WHERE id IN (SELECT id FROM registration WHERE created_at < now() - interval '24 hours' "
     "ORDER BY created_at LIMIT " BATCH_TEXT ")"},
    {"one_time_token", NULL,
     "DELETE FROM one_time_token WHERE hash IN (SELECT hash FROM one_time_token WHERE expires_at < now() "
     "ORDER BY expires_at LIMIT " BATCH_TEXT ")"},
    {"throttle", NULL,
     "DELETE FROM throttle t USING (SELECT name, key FROM throttle WHERE ends_at < now() ORDER BY ends_at "
     "LIMIT " BATCH_TEXT ") old WHERE t.name = old.name AND t.key = old.key AND t.ends_at < now()"},
    /* The longest life that the setting token_lifetime allows, and a good deal for clocks that differ. */
    {"revocation", NULL,
     "DELETE FROM revocation r USING (SELECT seq, kind, id FROM revocation "
     "WHERE created_at < now() - interval '2 hours' "
     "ORDER BY created_at LIMIT " BATCH_TEXT ") old WHERE r.seq = old.seq AND r.kind = old.kind AND r.id = old.id"},
    {"invitation", NULL,
     "DELETE FROM invitation WHERE id IN (SELECT id FROM invitation WHERE expires_at < now() - interval '90 days' "
     "ORDER BY expires_at LIMIT " BATCH_TEXT ")"},
    {"known_network", NULL,
     "DELETE FROM known_network n USING (SELECT user_id, network FROM known_network WHERE last_login_at < now() - "
     "interval '30 days' ORDER BY last_login_at LIMIT " BATCH_TEXT ") old WHERE n.user_id = old.user_id "
     "AND n.network = old.network AND n.last_login_at < now() - interval '30 days'"},
    {"service_secret", NULL,
     "DELETE FROM service_secret WHERE hash IN (SELECT hash FROM service_secret WHERE expires_at < now() - interval "
     "'30 days' ORDER BY expires_at LIMIT " BATCH_TEXT ")"},
    {"letter_key", NULL,
     "DELETE FROM letter_key WHERE key IN (SELECT key FROM letter_key WHERE created_at < now() - interval '35 days' "
     "ORDER BY created_at LIMIT " BATCH_TEXT ")"},
    {"audit_event", "audit_retention",
     "DELETE FROM audit_event WHERE id IN (SELECT id FROM audit_event WHERE id < " FIRST_RETAINED " "
     "ORDER BY id LIMIT " BATCH_TEXT ")"},
};

/* Nobody else begins a run before the time that is set here. */
static const char CLAIM_RUN[] = "UPDATE housekeeping SET due_at = now() + $1::bigint * interval '1 microsecond' "
				"WHERE due_at <= now()";

struct housekeeping {
	struct daemon_worker *worker;
	struct co_task *runner;
	int64_t interval;
	struct metric *removed[ARRAY_SIZE(chores)];
	struct metric *runs;
};

static const char *duration(struct context *ctx, int64_t microseconds)
{
	return arena_printf(&ctx->arena, "%lld", (long long)microseconds);
}

/* One statement. Returns how many rows it removed, -1 with an error. */
static int64_t remove_some(struct context *ctx, const struct housekeeping *housekeeping, const struct chore *chore)
{
	const struct daemon_worker *worker = housekeeping->worker;
	const char *values[1] = {NULL};
	if (chore->setting)
		values[0] = duration(ctx, config_integer(worker->config, chore->setting));
	struct pg_result *removed = pg_write_values(ctx, worker->db, chore->sql, chore->setting ? 1 : 0, values);
	return removed ? (int64_t)pg_count(removed) : -1;
}

/* One statement of a run with what belongs to it. Returns how many rows it removed; 0 also after an error. The end of
   the run does not cut it short: rows that went in a statement whose answer nobody waited for would not be counted. */
static int64_t remove_batch(struct housekeeping *housekeeping, size_t number)
{
	struct context ctx;
	context_init(&ctx, deadline_after(STATEMENT_DEADLINE));
	int64_t removed = remove_some(&ctx, housekeeping, &chores[number]);
	if (removed < 0 && !co_cancelled())
		log_error_of(LOG_WARNING, &ctx, "housekeeping has failed");
	context_done(&ctx);
	if (removed <= 0)
		return 0;
	metric_add(housekeeping->removed[number], removed);
	return removed;
}

/* Batch after batch until nothing is left. False when the run is to end: time is up, or the daemon stops. */
static bool do_chore(struct housekeeping *housekeeping, size_t number, int64_t end)
{
	while (deadline_left(end) > 0 && !co_cancelled()) {
		if (remove_batch(housekeeping, number) < BATCH)
			return true;
		if (co_sleep_until(deadline_after(PAUSE)) != CO_TIMEOUT)
			return false;
	}
	return false;
}

/* True when this replica is the one to run now. */
static bool claim_run(struct housekeeping *housekeeping)
{
	struct context ctx;
	context_init(&ctx, deadline_after(STATEMENT_DEADLINE));
	struct pg_result *claimed =
	    pg_write(&ctx, housekeeping->worker->db, CLAIM_RUN, duration(&ctx, housekeeping->interval));
	bool ours = claimed && pg_count(claimed) > 0;
	if (!claimed && !co_cancelled())
		log_error_of(LOG_WARNING, &ctx, "housekeeping has not begun");
	context_done(&ctx);
	return ours;
}

static void run(void *argument)
{
	struct housekeeping *housekeeping = argument;
	int64_t poll = housekeeping->interval < POLL_MAX ? housekeeping->interval : POLL_MAX;
	while (co_task_rest(housekeeping->runner, deadline_after(poll)) != CO_CANCELLED) {
		/* No batch begins after this, so that a run is over before the next is due. */
		int64_t end = deadline_after(housekeeping->interval / 10 * 9);
		if (!claim_run(housekeeping))
			continue;
		metric_add(housekeeping->runs, 1);
		for (size_t i = 0; i < ARRAY_SIZE(chores) && do_chore(housekeeping, i, end); i++)
			continue;
	}
}

static void make_metrics(struct housekeeping *housekeeping)
{
	struct metric_family *family =
	    metric_register(METRIC_COUNTER, "eventloop_housekeeping_removed_total", "Expired rows removed.", "table");
	for (size_t i = 0; i < ARRAY_SIZE(chores); i++)
		housekeeping->removed[i] = metric_series(family, &chores[i].table);
	housekeeping->runs =
	    metric_single(METRIC_COUNTER, "eventloop_housekeeping_runs_total", "Runs of housekeeping begun here.");
}

struct housekeeping *housekeeping_new(struct daemon_worker *worker)
{
	struct housekeeping *housekeeping = must_calloc(1, sizeof(*housekeeping));
	housekeeping->worker = worker;
	housekeeping->interval = config_integer(worker->config, "housekeeping_interval");
	make_metrics(housekeeping);
	housekeeping->runner = co_task_start("housekeeping", run, housekeeping);
	if (housekeeping->runner)
		return housekeeping;
	free(housekeeping);
	return NULL;
}

void housekeeping_free(struct housekeeping *housekeeping)
{
	if (!housekeeping)
		return;
	co_task_stop(housekeeping->runner);
	free(housekeeping);
}
