/* Writes of a call: one transaction with its facts, its idempotency key and its answer. */
#include "rpc/call.h"

#include "api/api.h"
#include "api/fact_check.h"
#include "base/ids.h"
#include "rpc/erased_user.h"

#include <stdatomic.h>
#include <string.h>

/* One round trip: a new key is taken, a known one returned as it is; a key that is being used by another transaction
 * waits for that one to end. jsonb writes equal parameters equally, whatever their order and spacing. A password stays
 * out of the hash: kept for two days, a fast hash of it would be far easier to guess than the slow one that it is
 * stored as.
 */
#define CLAIM                                                                                                      \
	"WITH wanted AS (SELECT sha256(convert_to($3 || ' ' || ($4::jsonb - "                                      \
	"'{idempotency_key,password}'::text[])::text, 'UTF8')) AS hash) "                                          \
	"INSERT INTO idempotency_key AS k (caller, key, method, params_hash) SELECT $1, $2, $3, hash FROM wanted " \
	"ON CONFLICT (caller, key) DO UPDATE SET key = excluded.key "                                              \
	"RETURNING k.result, k.params_hash = (SELECT hash FROM wanted)"

#define PUBLISH "INSERT INTO outbox (id, topic, key, payload, traceparent) VALUES ($1, $2, $3, $4, $5)"

/* The place in the log: of the last fact of this transaction, or the log's end when it has none. */
#define SEQ_PUBLISHED "currval('outbox_seq')"
#define SEQ_CURRENT "(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM outbox_seq)"
#define POSITION(seq) "SELECT " seq
#define KEEP(seq) \
	"UPDATE idempotency_key SET result = $3::text || " seq " || '}' WHERE caller = $1 AND key = $2 RETURNING " seq

/* Runs once the transaction has been committed. */
struct commit_hook {
	struct commit_hook *next;
	void (*function)(struct rpc_call *call, void *argument);
	void *argument;
};

static _Atomic(rpc_published_function *) on_published;

void rpc_on_published(rpc_published_function *function)
{
	atomic_store(&on_published, function);
}

/* What a call's write is about. */
struct rpc_write {
	const char *caller; /* with a key: whose */
	const char *key;    /* NULL: none */
	bool published;
	struct commit_hook *hooks; /* first registered first */
};

static struct rpc_write *write_of(struct rpc_call *call)
{
	if (!call->write)
		call->write = arena_zalloc(&call->ctx->arena, sizeof(*call->write));
	return call->write;
}

struct rpc_call rpc_with_params(struct rpc_call *call, struct json_object *params)
{
	(void)write_of(call);
	struct rpc_call other = *call;
	other.params = params;
	return other;
}

struct rpc_call rpc_item(struct rpc_call *call, const char *name, size_t index)
{
	struct rpc_call item = rpc_with_params(call, json_object_array_get_idx(rpc_param_json(call, name), index));
	item.params_path = arena_printf(&call->ctx->arena, "/params/%s/%zu", name, index);
	return item;
}

static const char *caller_name(struct rpc_call *call)
{
	if (call->caller->kind != IDENTITY_ANONYMOUS)
		return call->caller->id;
	return arena_printf(&call->ctx->arena, "anonymous:%s", call->peer ? call->peer : "");
}

/* Claims the key. 1: it is ours; 0: its answer is the result; -1: an error. */
static int claim(struct rpc_call *call, struct pg_tx *tx, const char *key)
{
	struct rpc_write *write = write_of(call);
	const char *caller = caller_name(call), *answer;
	struct pg_result *row = pg_query(call->ctx, tx, CLAIM, caller, key, call->method->name, rpc_params_text(call));
	if (!row)
		return -1;
	if (!pg_boolean(row, 0, 1))
		return rpc_conflict(call, "idempotency_key", "this idempotency key was used with other parameters");
	answer = pg_text(row, 0, 0);
	if (answer) {
		call->replayed = true;
		return rpc_reply_text(call, answer, pg_length(row, 0, 0));
	}
	write->caller = caller;
	write->key = key;
	return 1;
}

static struct pg_tx *begin(struct rpc_call *call,
			   void (*refuse)(struct context *ctx, struct pg_tx *tx, const struct identity *caller))
{
	const char *key = rpc_param(call, "idempotency_key");
	struct pg_tx *tx = pg_begin(call->ctx, call->db);
	if (!tx)
		return NULL;
	refuse(call->ctx, tx, call->caller);
	if (!key || claim(call, tx, key) == 1)
		return tx;
	pg_rollback(tx);
	return NULL;
}

struct pg_tx *rpc_begin(struct rpc_call *call)
{
	return begin(call, erased_user_refuse);
}

struct pg_tx *rpc_begin_alone(struct rpc_call *call)
{
	return begin(call, erased_user_refuse_alone);
}

int rpc_replayed(struct rpc_call *call)
{
	return call->replayed ? 0 : -1;
}

int rpc_publish(struct rpc_call *call, struct pg_tx *tx, const char *topic, const char *key, const char *payload)
{
	if (fact_check_published(call->ctx, topic, payload))
		return -1;
	char id[UUID_SIZE];
	uuid_make(id);
	write_of(call)->published = true;
	pg_queue(call->ctx, tx, PUBLISH, id, topic, key, payload, call->ctx->traceparent);
	return 0;
}

void rpc_after_commit(struct rpc_call *call, void (*function)(struct rpc_call *call, void *argument), void *argument)
{
	struct commit_hook *hook, **last = &write_of(call)->hooks;
	for (; *last; last = &(*last)->next) {
		if ((*last)->function == function && (*last)->argument == argument)
			return;
	}
	hook = arena_alloc(&call->ctx->arena, sizeof(*hook));
	*hook = (struct commit_hook){.function = function, .argument = argument};
	*last = hook;
}

/* What is to be done once it is certain. The next transaction of the call, if there is one, starts afresh. */
static void committed(struct rpc_call *call)
{
	struct rpc_write *write = write_of(call);
	struct commit_hook *hook = write->hooks;
	rpc_published_function *tell = write->published ? atomic_load(&on_published) : NULL;
	if (tell)
		tell();
	*write = (struct rpc_write){0};
	for (; hook; hook = hook->next)
		hook->function(call, hook->argument);
}

int rpc_commit(struct rpc_call *call, struct pg_tx *tx)
{
	if (pg_commit(call->ctx, tx))
		return -1;
	committed(call);
	return 0;
}

struct pg_result *rpc_commit_query_values(struct rpc_call *call, struct pg_tx *tx, const char *sql, size_t count,
					  const char *const *values)
{
	struct pg_result *result = pg_query_commit_values(call->ctx, tx, sql, count, values);
	if (result)
		committed(call);
	return result;
}

/* Fetches `seq`, keeps the answer under the key, commits. head: the answer up to the value of seq. */
static struct pg_result *finish(struct rpc_call *call, struct pg_tx *tx, const char *head)
{
	const struct rpc_write *write = write_of(call);
	struct context *ctx = call->ctx;
	if (!write->key && write->published)
		return pg_query_commit(ctx, tx, POSITION(SEQ_PUBLISHED));
	if (!write->key)
		return pg_query_commit(ctx, tx, POSITION(SEQ_CURRENT));
	if (write->published)
		return pg_query_commit(ctx, tx, KEEP(SEQ_PUBLISHED), write->caller, write->key, head);
	return pg_query_commit(ctx, tx, KEEP(SEQ_CURRENT), write->caller, write->key, head);
}

/* The object with `"seq":` added, up to where the number goes; NULL when the text is no object. */
static const char *open_object(struct context *ctx, const char *json)
{
	size_t length = strlen(json);
	if (length < 2 || json[0] != '{' || json[length - 1] != '}') {
		(void)context_fail_internal(ctx, "the result of a write is no JSON object");
		return NULL;
	}
	return arena_printf(&ctx->arena, "%.*s%s\"seq\":", (int)(length - 1), json,
			    strspn(json + 1, " \t\r\n") == length - 2 ? "" : ",");
}

int rpc_commit_text(struct rpc_call *call, struct pg_tx *tx, const char *json)
{
	const char *head = open_object(call->ctx, json), *text;
	struct pg_result *row = NULL;
	if (head)
		row = finish(call, tx, head);
	else
		pg_rollback(tx);
	if (!row)
		return -1;
	committed(call);
	text = arena_printf(&call->ctx->arena, "%s%s}", head, pg_text(row, 0, 0));
	return rpc_reply_text(call, text, strlen(text));
}

int rpc_commit_row(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *result, const char *noun)
{
	const char *json = result && pg_count(result) > 0 ? pg_text(result, 0, 0) : NULL;
	if (json)
		return rpc_commit_text(call, tx, json);
	pg_rollback(tx);
	return result ? rpc_not_found(call, noun) : -1;
}
