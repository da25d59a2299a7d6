/* The consumer's side: facts of other daemons, each applied once, within its share of the delivery's time. */
#include "api/fact_check.h"
#include "base/buffer.h"
#include "co/co.h"
#include "outbox/internal.h"
#include "json/tree.h"

#include <stdio.h>
#include <string.h>

#define CLAIM "INSERT INTO consumed_fact (id) VALUES ($1) ON CONFLICT DO NOTHING"
#define ANSWER_MAX ((size_t)1 << 20)
#define PAYLOAD_MAX ((size_t)4 << 20)
#define SHARES 8 /* a fact may take an eighth of the delivery's time; the last eighth is for the answer */

static const struct fact_handler *consumed; /* set once at start */

/* What came of a fact. */
enum outcome {
	FOLDED,
	FAILED,	  /* by itself */
	HINDERED, /* something that it needs is down */
	STRANDED, /* this daemon cannot handle any fact now */
};

/* The outcome of one delivery. */
struct delivery {
	const struct fact_handler *own;	    /* the handlers of own facts; NULL: it came from another daemon */
	const struct outbox_relay *relay;   /* with them: it may stop meanwhile */
	int64_t share;			    /* microseconds for each fact */
	struct json_object *const *refused; /* an array of those refused so far */
	size_t refused_count;
	size_t delivered;
	struct buffer answer;
};

void outbox_consume(const struct fact_handler *handlers)
{
	consumed = handlers;
}

static bool topic_fits(const char *pattern, const char *topic)
{
	size_t length = strlen(pattern);
	if (length >= 2 && strcmp(pattern + length - 2, ".*") == 0)
		return strncmp(pattern, topic, length - 1) == 0;
	return strcmp(pattern, topic) == 0;
}

static fact_handler_function *find_handler(const struct fact_handler *handlers, const char *topic)
{
	for (const struct fact_handler *handler = handlers; handler && handler->topic; handler++) {
		if (topic_fits(handler->topic, topic))
			return handler->function;
	}
	return NULL;
}

static const char *text_member(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_object_get(object, name);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static struct fact read_fact(struct rpc_call *call, struct json_object *object)
{
	struct json_object *payload = json_object_object_get(object, "payload");
	struct buffer text;
	buffer_init_arena(&text, &call->ctx->arena, PAYLOAD_MAX);
	json_tree_write(payload, &text);
	return (struct fact){
	    .id = text_member(object, "id"),
	    .topic = text_member(object, "topic"),
	    .key = text_member(object, "key"),
	    .seq = json_object_get_int64(json_object_object_get(object, "seq")),
	    .occurred_at = text_member(object, "occurred_at"),
	    .payload = payload,
	    .payload_text = buffer_text(&text),
	};
}

/* A daemon cannot handle facts without its database, or when it is stopping. */
static bool is_stranded(const struct rpc_call *call, enum error_code code)
{
	if (co_cancelled() || code == ERROR_OVERLOADED)
		return true;
	return code == ERROR_UNAVAILABLE && (!call->db || !pg_ready(call->db));
}

static enum outcome judge(const struct rpc_call *call)
{
	enum error_code code = call->ctx->error.code;
	if (is_stranded(call, code))
		return STRANDED;
	return code == ERROR_UNAVAILABLE ? HINDERED : FAILED;
}

/* In one transaction: the note that it was consumed, and what it changes. */
static enum outcome fold(struct rpc_call *call, fact_handler_function *function, const struct fact *fact)
{
	struct context *ctx = call->ctx;
	struct pg_tx *tx = pg_begin(ctx, call->db);
	if (!tx)
		return STRANDED; /* there is no connection: it has not begun */
	struct pg_result *claimed = pg_query(ctx, tx, CLAIM, fact->id);
	if (!claimed && ctx->error.code == ERROR_DEADLINE_EXCEEDED)
		return HINDERED; /* the database is slow, or still ends an earlier attempt */
	if (claimed && pg_count(claimed) == 0) {
		pg_rollback(tx); /* a second delivery */
		return FOLDED;
	}
	if (!claimed || function(call, tx, fact) != 0) {
		pg_rollback(tx);
		return judge(call);
	}
	return rpc_commit(call, tx) == 0 ? FOLDED : judge(call);
}

/* A daemon without a database gets repeated deliveries, and so does one of its own facts; those handlers must be
 * idempotent. */
static enum outcome consume(struct rpc_call *call, const struct fact *fact, const struct fact_handler *own)
{
	fact_handler_function *function = find_handler(own ? own : consumed, fact->topic);
	if (!function) {
		fact_check_unhandled(call->ctx, fact->topic);
		return FOLDED;
	}
	if (fact_check_consumed(call->ctx, fact->topic, fact->payload))
		return FAILED;
	if (call->db && !own)
		return fold(call, function, fact);
	return function(call, NULL, fact) == 0 ? FOLDED : judge(call);
}

/* In the arena of ctx, which outlives that of the call. */
static const char *reason_of(struct context *ctx, const struct error *error)
{
	const char *detail = error->message[0] ? error->message : error->cause;
	return arena_printf(&ctx->arena, "%s%s%s%s%s", error_word(error->code), error->reason[0] ? " " : "",
			    error->reason, detail[0] ? ": " : "", detail);
}

/* Handles one fact in a context of its own: its deadline, its memory, its error. *ret_error: what went wrong. */
static enum outcome consume_within(const struct rpc_call *call, struct json_object *object,
				   const struct delivery *delivery, struct error *ret_error)
{
	struct rpc_call own = *call;
	struct context ctx;
	context_init(&ctx, deadline_earlier(call->ctx->deadline, deadline_after(delivery->share)));
	(void)snprintf(ctx.request_id, sizeof(ctx.request_id), "%s", call->ctx->request_id);
	(void)snprintf(ctx.traceparent, sizeof(ctx.traceparent), "%s", call->ctx->traceparent);
	ctx.method = call->ctx->method;
	own.ctx = &ctx;
	own.write = NULL;
	struct fact fact = read_fact(&own, object);
	enum outcome outcome = consume(&own, &fact, delivery->own);
	*ret_error = ctx.error;
	ret_error->details = NULL; /* they end with the context */
	context_done(&ctx);
	return outcome;
}

/* attempt: whether it counts as one. */
static void refuse(struct delivery *delivery, struct json_object **refused, struct json_object *fact,
		   const char *reason, bool attempt)
{
	buffer_append_text(&delivery->answer, delivery->refused_count > 0 ? ",{\"id\":" : "{\"id\":");
	buffer_append_json_string(&delivery->answer, text_member(fact, "id"));
	buffer_append_text(&delivery->answer, ",\"reason\":");
	buffer_append_json_string(&delivery->answer, reason);
	buffer_append_text(&delivery->answer, attempt ? "}" : ",\"attempt\":false}");
	refused[delivery->refused_count++] = fact;
}

/* True when an earlier fact of this key was refused: later ones must not overtake it. */
static bool is_behind(const struct delivery *delivery, struct json_object *fact)
{
	const char *key = text_member(fact, "key");
	for (size_t i = 0; *key && i < delivery->refused_count; i++) {
		if (strcmp(text_member(delivery->refused[i], "key"), key) == 0)
			return true;
	}
	return false;
}

/* A fact that could not begin did not run out of its own time. */
static int strand(struct rpc_call *call, const struct error *error)
{
	if (error->code == ERROR_DEADLINE_EXCEEDED)
		return context_fail(call->ctx, ERROR_OVERLOADED, "database", NULL);
	call->ctx->error = *error;
	return -1;
}

static int deliver_one(struct rpc_call *call, struct json_object *fact, struct json_object **refused,
		       struct delivery *delivery)
{
	if (is_behind(delivery, fact)) {
		refuse(delivery, refused, fact, "behind", true);
		return 0;
	}
	struct error error;
	switch (consume_within(call, fact, delivery, &error)) {
	case FOLDED:
		delivery->delivered++;
		return 0;
	case FAILED:
		refuse(delivery, refused, fact, reason_of(call->ctx, &error), true);
		return 0;
	case HINDERED:
		refuse(delivery, refused, fact, reason_of(call->ctx, &error), false);
		return 0;
	case STRANDED:
	default:
		return strand(call, &error);
	}
}

/* Whether another fact can be begun. */
static bool has_time(const struct rpc_call *call, const struct delivery *delivery)
{
	if (delivery->relay && delivery->relay->stopping)
		return false;
	return deadline_left(call->ctx->deadline) >= 2 * delivery->share;
}

/* One at a time, in their order. -1 when not even the first could be handled, for a reason that is not its own. */
static int deliver_all(struct rpc_call *call, struct json_object *facts, struct delivery *delivery)
{
	size_t count = json_object_array_length(facts), i;
	struct json_object **refused = arena_alloc(&call->ctx->arena, count * sizeof(struct json_object *));
	delivery->refused = refused;
	for (i = 0; i < count; i++) {
		if (i > 0 && !has_time(call, delivery))
			break;
		if (deliver_one(call, json_object_array_get_idx(facts, i), refused, delivery) == 0)
			continue;
		if (i == 0)
			return -1;
		error_clear(&call->ctx->error);
		break;
	}
	for (; i < count; i++)
		refuse(delivery, refused, json_object_array_get_idx(facts, i), "not reached", true);
	return 0;
}

/* A daemon speaks for itself only. */
static int check_source(struct rpc_call *call, const char *source, struct json_object *facts)
{
	size_t length = strlen(source);
	if (call->caller->kind != IDENTITY_SERVICE || strcmp(call->caller->id, source) != 0)
		return rpc_forbidden(call, "facts of %s come from %s alone", source, source);
	for (size_t i = 0; i < json_object_array_length(facts); i++) {
		const char *topic = text_member(json_object_array_get_idx(facts, i), "topic");
		if (strncmp(topic, source, length) != 0 || topic[length] != '.')
			return rpc_forbidden(call, "topic %.80s is not one of %s", topic, source);
	}
	return 0;
}

/* Handles them and makes the answer; NULL with an error. */
static const char *answer_of(struct rpc_call *call, struct json_object *facts, struct delivery *delivery)
{
	delivery->share = deadline_left(call->ctx->deadline) / SHARES;
	buffer_init_arena(&delivery->answer, &call->ctx->arena, ANSWER_MAX);
	if (deliver_all(call, facts, delivery) != 0)
		return NULL;
	if (!buffer_failed(&delivery->answer))
		return arena_printf(&call->ctx->arena, "{\"delivered\":%zu,\"refused\":[%s]}", delivery->delivered,
				    buffer_text(&delivery->answer));
	(void)context_fail(call->ctx, ERROR_TOO_LARGE, "answer", "too many facts were refused to name them");
	return NULL;
}

int outbox_deliver(struct rpc_call *call)
{
	const char *source = text_member(call->params, "source");
	struct json_object *facts = json_object_object_get(call->params, "facts");
	struct delivery delivery = {0};
	if (!json_object_is_type(facts, json_type_array))
		return rpc_invalid(call, "/params/facts", "type", "\"array\"");
	if (check_source(call, source, facts) != 0)
		return -1;
	const char *answer = answer_of(call, facts, &delivery);
	return answer ? rpc_reply_text(call, answer, strlen(answer)) : -1;
}

static void put_tree(void *argument)
{
	json_object_put(argument);
}

/* In the context; NULL with an error. */
static struct json_object *read_tree(struct context *ctx, const char *text)
{
	struct json_object *tree = NULL;
	if (!json_tree_build(text, strlen(text), 0, &ctx->arena, &tree)) {
		(void)context_fail_internal(ctx, "no memory for a delivery");
		return NULL;
	}
	context_defer(ctx, put_tree, tree);
	return tree;
}

struct json_object *outbox_deliver_own(struct context *ctx, const struct outbox_subscriber *subscriber,
				       const char *params)
{
	static const struct identity nobody = {.kind = IDENTITY_ANONYMOUS};
	struct rpc_call call = subscriber->relay->prototype;
	struct delivery delivery = {.own = subscriber->own->handlers, .relay = subscriber->relay};
	call.ctx = ctx;
	call.caller = &nobody;
	call.peer = call.user_agent = "";
	struct json_object *tree = read_tree(ctx, params);
	const char *answer = tree ? answer_of(&call, json_object_object_get(tree, "facts"), &delivery) : NULL;
	return answer ? read_tree(ctx, answer) : NULL;
}
