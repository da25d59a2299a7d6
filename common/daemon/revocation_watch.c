#include "daemon/revocation_watch.h"

#include "base/clock.h"
#include "base/context.h"
#include "base/fatal.h"
#include "client/client.h"
#include "co/task.h"
#include "telemetry/log.h"
#include "token/revocation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Passport answers within 10 s also when there is nothing new. */
#define ANSWER_DEADLINE (13 * CLOCK_SECOND)
#define PAUSE_FIRST (100 * CLOCK_MILLISECOND)
#define PAUSE_LAST (2 * CLOCK_SECOND)
/* Pause after an empty answer, since a passport that stops, or gives requests little time, answers at once. */
#define PAUSE_EMPTY (500 * CLOCK_MILLISECOND)
#define TIMEOUT (1 * CLOCK_SECOND)

struct revocation_watch {
	struct rpc_client *client;
	struct co_task *task;
	int64_t after;	       /* the last number heard of; -1: none */
	int64_t failing_since; /* monotonic; 0: it does not */
	bool told;	       /* of that */
};

static const char *text_of(struct json_object *entry, const char *name)
{
	const char *text = json_object_get_string(json_object_object_get(entry, name));
	return text ? text : "";
}

static void take(struct json_object *entry)
{
	int64_t at;
	if (!clock_parse(text_of(entry, "created_at"), &at))
		at = clock_wall();
	if (strcmp(text_of(entry, "kind"), "session") == 0)
		token_revocation_add_session(text_of(entry, "id"), at);
	else
		token_revocation_add_subject(text_of(entry, "id"),
					     json_object_get_int64(json_object_object_get(entry, "epoch")), at);
}

static int take_answer(struct context *ctx, struct revocation_watch *watch, struct json_object *answer)
{
	struct json_object *list, *seq;
	if (!json_object_object_get_ex(answer, "revocations", &list) || !json_object_is_type(list, json_type_array) ||
	    !json_object_object_get_ex(answer, "seq", &seq) || !json_object_is_type(seq, json_type_int))
		return context_fail_internal(ctx, "passport.revocation.watch answered something else");
	for (size_t i = 0; i < json_object_array_length(list); i++)
		take(json_object_array_get_idx(list, i));
	watch->after = json_object_get_int64(seq);
	if (!json_object_get_boolean(json_object_object_get(answer, "more")))
		token_revocation_heard();
	return 0;
}

static int ask(struct context *ctx, struct revocation_watch *watch)
{
	struct rpc_request request = {
	    .method = "passport.revocation.watch",
	    .params = watch->after < 0 ? "{}" : arena_printf(&ctx->arena, "{\"after\":%" PRId64 "}", watch->after),
	    .as = RPC_AS_SERVICE,
	    .idempotent = true,
	};
	struct json_object *answer = rpc_invoke(ctx, watch->client, &request);
	return answer ? take_answer(ctx, watch, answer) : -1;
}

/* Logs once when polling has failed for a while (at first all may just be starting), and once when it works again. */
static void note(struct revocation_watch *watch, const struct context *ctx, bool failed)
{
	if (!failed) {
		if (watch->told)
			log_event(LOG_INFO, NULL, "revocations are heard of again");
		watch->failing_since = 0;
		watch->told = false;
		return;
	}
	if (watch->failing_since == 0)
		watch->failing_since = clock_monotonic();
	if (watch->told || co_cancelled() || clock_monotonic() - watch->failing_since < TIMEOUT)
		return;
	watch->told = true;
	log_error_of(LOG_WARNING, ctx, "revocations cannot be heard of");
}

static void keep_asking(void *argument)
{
	struct revocation_watch *watch = argument;
	int64_t pause = PAUSE_FIRST;
	while (!co_cancelled()) {
		struct context ctx;
		context_init(&ctx, deadline_after(ANSWER_DEADLINE));
		co_set_context(&ctx);
		int64_t known = watch->after, asked = clock_monotonic();
		bool failed = ask(&ctx, watch) != 0;
		note(watch, &ctx, failed);
		co_set_context(NULL);
		context_done(&ctx);
		if (failed)
			(void)co_sleep_until(deadline_after(pause));
		else if (watch->after == known)
			(void)co_sleep_until(asked + PAUSE_EMPTY);
		pause = !failed ? PAUSE_FIRST : pause * 2 < PAUSE_LAST ? pause * 2 : PAUSE_LAST;
	}
}

struct revocation_watch *revocation_watch_new(struct rpc_client *client)
{
	struct revocation_watch *watch = must_calloc(1, sizeof(*watch));
	watch->client = client;
	watch->after = -1;
	watch->task = co_task_start("revocations", keep_asking, watch);
	if (watch->task)
		return watch;
	free(watch);
	return NULL;
}

void revocation_watch_free(struct revocation_watch *watch)
{
	if (!watch)
		return;
	co_task_stop(watch->task);
	free(watch);
}
