/* The consumer's side: facts of other daemons, each folded once. */
#include "base/buffer.h"
#include "rpc/json_tree.h"
#include "rpc/outbox.h"

#include <string.h>

#define CLAIM "INSERT INTO consumed_fact (id) VALUES ($1) ON CONFLICT DO NOTHING"
#define ANSWER_MAX ((size_t)1 << 20)
#define PAYLOAD_MAX ((size_t)4 << 20)

static const struct fact_handler *consumed; /* set once at start */

/* The outcome of one delivery. */
struct delivery {
	const struct fact *refused; /* an array of those refused so far */
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

static fact_handler_function *find_handler(const char *topic)
{
	for (const struct fact_handler *handler = consumed; handler && handler->topic; handler++) {
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

/* In one transaction: the note that it was consumed, and what it changes. */
static int fold(struct rpc_call *call, fact_handler_function *function, const struct fact *fact)
{
	struct context *ctx = call->ctx;
	struct pg_tx *tx = pg_begin(ctx, call->db);
	struct pg_result *claimed = tx ? pg_query(ctx, tx, CLAIM, fact->id) : NULL;

	if (claimed && pg_count(claimed) == 0) {
		pg_rollback(tx); /* a second delivery */
		return 0;
	}
	if (!claimed || function(call, tx, fact) != 0) {
		pg_rollback(tx);
		call->write = NULL; /* what was to follow its commit must not follow the next one's */
		return -1;
	}
	return rpc_commit(call, tx);
}

/* A daemon without a database is told every time; what it does with a fact must bear that. */
static int consume(struct rpc_call *call, const struct fact *fact)
{
	fact_handler_function *function = find_handler(fact->topic);

	if (!function)
		return 0;
	return call->db ? fold(call, function, fact) : function(call, NULL, fact);
}

/* Faults of our own, not of the fact: the whole delivery is to come again later. */
static bool own_fault(enum error_code code)
{
	return code == ERROR_UNAVAILABLE || code == ERROR_DEADLINE_EXCEEDED || code == ERROR_OVERLOADED;
}

static const char *reason_of(struct rpc_call *call)
{
	const struct error *error = &call->ctx->error;
	const char *detail = error->message[0] ? error->message : error->cause;

	return arena_printf(&call->ctx->arena, "%s%s%s%s%s", error_word(error->code), error->reason[0] ? " " : "",
			    error->reason, detail[0] ? ": " : "", detail);
}

static void refuse(struct delivery *delivery, struct fact *refused, const struct fact *fact, const char *reason)
{
	buffer_append_text(&delivery->answer, delivery->refused_count > 0 ? ",{\"id\":" : "{\"id\":");
	buffer_append_json_string(&delivery->answer, fact->id);
	buffer_append_text(&delivery->answer, ",\"reason\":");
	buffer_append_json_string(&delivery->answer, reason);
	buffer_append_char(&delivery->answer, '}');
	refused[delivery->refused_count++] = *fact;
}

/* True when an earlier fact of this key was refused: later ones must not overtake it. */
static bool is_behind(const struct delivery *delivery, const struct fact *fact)
{
	for (size_t i = 0; *fact->key && i < delivery->refused_count; i++) {
		if (strcmp(delivery->refused[i].key, fact->key) == 0)
			return true;
	}
	return false;
}

static int deliver_all(struct rpc_call *call, struct json_object *facts, struct delivery *delivery)
{
	size_t count = json_object_array_length(facts);
	struct fact *refused = arena_alloc(&call->ctx->arena, count * sizeof(*refused));

	delivery->refused = refused;
	for (size_t i = 0; i < count; i++) {
		struct fact fact = read_fact(call, json_object_array_get_idx(facts, i));

		if (is_behind(delivery, &fact)) {
			refuse(delivery, refused, &fact, "behind");
		} else if (consume(call, &fact) == 0) {
			delivery->delivered++;
		} else if (own_fault(call->ctx->error.code)) {
			return -1;
		} else {
			refuse(delivery, refused, &fact, reason_of(call));
			error_clear(&call->ctx->error);
		}
	}
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

int outbox_deliver(struct rpc_call *call)
{
	const char *source = text_member(call->params, "source");
	struct json_object *facts = json_object_object_get(call->params, "facts");
	struct delivery delivery = {0};

	if (!json_object_is_type(facts, json_type_array))
		return rpc_invalid(call, "/params/facts", "type", "\"array\"");
	if (check_source(call, source, facts) != 0)
		return -1;
	buffer_init_arena(&delivery.answer, &call->ctx->arena, ANSWER_MAX);
	if (deliver_all(call, facts, &delivery) != 0)
		return -1;
	if (buffer_failed(&delivery.answer))
		return context_fail(call->ctx, ERROR_TOO_LARGE, "answer", "too many facts were refused to name them");
	return rpc_reply_printf(call, "{\"delivered\":%zu,\"refused\":[%s]}", delivery.delivered,
				buffer_text(&delivery.answer));
}
