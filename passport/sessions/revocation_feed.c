#include "sessions/revocation_feed.h"

#include "base/fatal.h"
#include "co/loop.h"
#include "co/sync.h"
#include "co/task.h"
#include "passport.h"
#include "telemetry/log.h"
#include "token/revocation.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_INTERVAL (1 * CLOCK_SECOND)
#define LOOK_DEADLINE (5 * CLOCK_SECOND)
#define LOOK_ROWS 10000
/* Rows of an answer when the caller names no limit: those of a busy hour would be too large. */
#define PAGE_ROWS 1000
/* How long a poll waits for news, and what it leaves of its deadline for the answer. */
#define POLL_WAIT (10 * CLOCK_SECOND)
#define POLL_MARGIN (1 * CLOCK_SECOND)

/* Revocations after number $1 that are younger than $2 microseconds (older ones void nothing, their tokens have
 * expired). All of these when $1 is null or greater than any number given out: then it comes from another database.
 * Rows with the same number were made by one transaction. */
#define NEWS                                                                                             \
	"r.seq > CASE WHEN $1::bigint <= c.value THEN $1::bigint ELSE 0 END AND r.created_at > now() - " \
	"$2::bigint * interval '1 microsecond'"

static const char LOOK[] =
    "SELECT c.value, r.seq, r.kind, r.id, r.epoch, (extract(epoch FROM r.created_at) * 1000000)::bigint "
    "FROM revocation_counter c LEFT JOIN revocation r ON " NEWS
    " ORDER BY r.seq FETCH FIRST ($3::bigint) ROWS WITH TIES";

/* The answer, and whether there is nothing to tell. */
static const char PAGE[] =
    "WITH page AS (SELECT r.* FROM revocation_counter c, revocation r WHERE " NEWS
    " ORDER BY r.seq FETCH FIRST ($3::bigint) ROWS WITH TIES), "
    "last AS (SELECT max(seq) AS seq FROM page), "
    "rest AS (SELECT EXISTS (SELECT FROM revocation r, last WHERE r.seq > last.seq) AS more) "
    "SELECT jsonb_build_object('seq', CASE WHEN rest.more THEN last.seq ELSE c.value END, 'more', rest.more, "
    "'revocations', coalesce((SELECT jsonb_agg(jsonb_build_object('kind', p.kind, 'id', p.id, 'epoch', p.epoch, "
    "'created_at', api_time(p.created_at)) ORDER BY p.seq) FROM page p), '[]'))::text, "
    "coalesce(last.seq IS NULL AND c.value = $1::bigint, false) FROM revocation_counter c, last, rest";

struct revocation_feed {
	struct revocation_feed *next;
	struct loop *loop;
	struct co_queue waiting; /* long polls */
	bool draining;
	/* Of the first thread: */
	struct pg *db;
	struct pg_listener *listener;
	struct co_task *reader;
};

static struct {
	pthread_mutex_t lock;
	struct revocation_feed *feeds; /* of all threads */
	_Atomic int64_t seq;	       /* everything up to it has been read */
} process = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- waking --- */

/* The feed may have gone since this was posted. */
static void wake_polls(void *unused)
{
	(void)unused;
	(void)pthread_mutex_lock(&process.lock);
	struct revocation_feed *feed;
	for (feed = process.feeds; feed && feed->loop != loop_current();)
		feed = feed->next;
	(void)pthread_mutex_unlock(&process.lock);
	if (feed)
		co_queue_wake_all(&feed->waiting);
}

static void wake_all(void)
{
	(void)pthread_mutex_lock(&process.lock);
	for (struct revocation_feed *feed = process.feeds; feed; feed = feed->next)
		loop_post(feed->loop, wake_polls, NULL);
	(void)pthread_mutex_unlock(&process.lock);
}

/* --- reading --- */

static void take(const struct pg_result *rows, size_t row)
{
	const char *id = pg_text(rows, row, 3);
	int64_t at = pg_integer(rows, row, 5);
	if (strcmp(pg_text(rows, row, 2), "session") == 0)
		token_revocation_add_session(id, at);
	else
		token_revocation_add_subject(id, pg_integer(rows, row, 4), at);
}

/* Everything up to seq has been taken in. Another thread may have been faster. */
static void advance(int64_t from, int64_t seq, bool another_database)
{
	int64_t known = atomic_load(&process.seq);
	bool further = another_database || seq > known;
	while (further && !atomic_compare_exchange_weak(&process.seq, &known, seq))
		further = another_database || seq > known;
	if (seq != from)
		wake_all();
}

/* When the connections for reading are lost, those for writing may stand: a revocation was just written by one. */
static struct pg_result *read_rows(struct context *ctx, struct pg *db, int64_t after)
{
	const char *values[] = {arena_printf(&ctx->arena, "%" PRId64, after),
				arena_printf(&ctx->arena, "%" PRId64, TOKEN_REVOCATION_KEEP),
				arena_printf(&ctx->arena, "%d", LOOK_ROWS)};
	struct pg_result *rows = pg_read_values(ctx, db, LOOK, ARRAY_SIZE(values), values);
	if (rows || ctx->error.code != ERROR_UNAVAILABLE)
		return rows;
	error_clear(&ctx->error);
	return pg_write_values(ctx, db, LOOK, ARRAY_SIZE(values), values);
}

/* One page. *ret_more: there is another. */
static int look_once(struct context *ctx, struct pg *db, bool *ret_more)
{
	int64_t from = atomic_load(&process.seq);
	struct pg_result *rows = read_rows(ctx, db, from);
	if (!rows)
		return -1;
	if (pg_count(rows) == 0)
		return context_fail_internal(ctx, "revocation_counter is empty");
	size_t count = pg_text(rows, 0, 1) ? pg_count(rows) : 0;
	int64_t counter = pg_integer(rows, 0, 0);
	for (size_t i = 0; i < count; i++)
		take(rows, i);
	*ret_more = count >= LOOK_ROWS;
	advance(from, *ret_more ? pg_integer(rows, count - 1, 1) : counter, counter < from);
	return 0;
}

int revocation_feed_look(struct context *ctx, struct pg *db)
{
	bool more = true;
	while (more)
		if (look_once(ctx, db, &more))
			return -1;
	token_revocation_heard();
	return 0;
}

/* --- the reader of the first thread --- */

static void look_again(const char *payload, void *argument)
{
	struct revocation_feed *feed = argument;
	(void)payload;
	co_task_wake(feed->reader);
}

static void keep_looking(void *argument)
{
	struct revocation_feed *feed = argument;
	bool failing = false;
	while (co_task_rest(feed->reader, deadline_after(LOOK_INTERVAL)) != CO_CANCELLED) {
		struct context ctx;
		context_init(&ctx, deadline_after(LOOK_DEADLINE));
		bool failed = revocation_feed_look(&ctx, feed->db) != 0;
		if (failed && !failing && !co_cancelled())
			log_error_of(LOG_WARNING, &ctx, "revocations cannot be read");
		failing = failed;
		context_done(&ctx);
	}
}

static int start_reading(struct revocation_feed *feed, struct daemon_worker *worker, struct context *ctx)
{
	feed->db = worker->db;
	if (revocation_feed_look(ctx, feed->db))
		return -1;
	feed->reader = co_task_start("revocations", keep_looking, feed);
	if (!feed->reader)
		return context_fail_internal(ctx, "no coroutine left for the revocations");
	feed->listener = pg_listen(feed->db, REVOCATION_CHANNEL, look_again, feed);
	return 0;
}

/* --- life --- */

struct revocation_feed *revocation_feed_new(struct daemon_worker *worker, struct context *ctx)
{
	struct revocation_feed *feed = must_calloc(1, sizeof(*feed));
	feed->loop = loop_current();
	if (worker->index == 0 && start_reading(feed, worker, ctx)) {
		free(feed);
		return NULL;
	}
	(void)pthread_mutex_lock(&process.lock);
	feed->next = process.feeds;
	process.feeds = feed;
	(void)pthread_mutex_unlock(&process.lock);
	return feed;
}

void revocation_feed_drain(struct revocation_feed *feed)
{
	if (!feed)
		return;
	feed->draining = true;
	co_queue_wake_all(&feed->waiting);
}

void revocation_feed_free(struct revocation_feed *feed)
{
	struct revocation_feed **place = &process.feeds;
	if (!feed)
		return;
	(void)pthread_mutex_lock(&process.lock);
	while (*place != feed)
		place = &(*place)->next;
	*place = feed->next;
	(void)pthread_mutex_unlock(&process.lock);
	pg_listener_free(feed->listener);
	co_task_stop(feed->reader);
	free(feed);
}

/* --- the long poll --- */

static struct pg_result *read_page(struct rpc_call *call)
{
	struct arena *arena = &call->ctx->arena;
	int64_t limit = rpc_param_integer(call, "limit", PAGE_ROWS);
	return pg_read(call->ctx, call->db, PAGE, rpc_param(call, "after"),
		       arena_printf(arena, "%" PRId64, TOKEN_REVOCATION_KEEP), arena_printf(arena, "%" PRId64, limit));
}

/* Waits until there are revocations beyond `after`, or the time is up. -1 when cancelled. */
static int await_news(struct rpc_call *call, struct revocation_feed *feed, int64_t after)
{
	int64_t until = deadline_earlier(deadline_after(POLL_WAIT), call->ctx->deadline - POLL_MARGIN);
	enum co_result result = CO_OK;
	while (result == CO_OK && !feed->draining && atomic_load(&process.seq) <= after && deadline_left(until) > 0)
		result = co_queue_wait(&feed->waiting, "revocations", until);
	return result == CO_CANCELLED ? co_check(call->ctx, result) : 0;
}

int revocation_watch(struct rpc_call *call)
{
	const struct passport *passport = call->app;
	struct pg_result *page = read_page(call);
	if (page && pg_boolean(page, 0, 1)) {
		if (await_news(call, passport->revocations, rpc_param_integer(call, "after", 0)))
			return -1;
		page = read_page(call);
	}
	return page ? rpc_reply_row(call, page, "revocation counter") : -1;
}
