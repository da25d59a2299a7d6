#include "daemon/data_check.h"

#include "daemon/daemon.h"
#include "postgres/postgres.h"
#include "telemetry/log.h"

#include <stdio.h>

#define TIMEOUT (600 * CLOCK_SECOND) /* of one check: it may read all of a table */
#define UNREADABLE_STATUS 2

/* One more than is shown, so that there being more is seen. */
static struct pg_result *read_rows(struct context *ctx, const struct daemon_worker *worker,
				   const struct data_check *check)
{
	const char *sql = arena_printf(&ctx->arena, "SELECT to_json(found) FROM (%s) found LIMIT %d", check->sql,
				       DATA_CHECK_ROWS + 1);
	if (!check->setting)
		return pg_read(ctx, worker->db, sql);
	long long value = config_integer(worker->config, check->setting);
	return pg_read(ctx, worker->db, sql, arena_printf(&ctx->arena, "%lld", value));
}

/* How many rows break the rule, up to DATA_CHECK_ROWS + 1; -1 when they cannot be read. */
static int run_one(struct context *ctx, const struct daemon_worker *worker, const struct data_check *check)
{
	ctx->deadline = deadline_after(TIMEOUT);
	struct pg_result *rows = read_rows(ctx, worker, check);
	if (!rows) {
		log_error_of(LOG_ERROR, ctx, "the rows of a check cannot be read");
		return -1;
	}
	size_t count = pg_count(rows);
	for (size_t i = 0; i < count && i < DATA_CHECK_ROWS; i++)
		printf("{\"check\":\"%s\",\"row\":%s}\n", check->name, pg_text(rows, i, 0));
	if (count > 0)
		log_event(LOG_WARNING, NULL, check->help, LOG_STRING("check", check->name),
			  LOG_NUMBER("count", (int64_t)count));
	return (int)count;
}

int data_check_run(struct daemon_worker *worker, struct context *ctx)
{
	int status = 0;
	for (const struct data_check *const *check = worker->spec->checks; check && *check; check++) {
		int count = run_one(ctx, worker, *check);
		if (count < 0)
			return UNREADABLE_STATUS;
		if (count > 0)
			status = 1;
	}
	log_event(LOG_INFO, NULL, "the checks have run");
	return status;
}
