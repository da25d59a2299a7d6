/*
 * Requests from anybody: the envelope's spans lie in the text and hold nothing that must not be read, a text that
 * passes is JSON to json-c as well and survives being built, written and read again unchanged.
 */
#include "api/api.h"
#include "base/fatal.h"
#include "rpc/envelope.h"
#include "json/tree.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_span(struct json_span span, const char *text, size_t length)
{
	if (span.data && (span.data < text || span.length > length || span.data + span.length > text + length))
		fatal("a span outside the text");
}

/* What a call has may be read, but for params that say that they may not: these have a place of the fault. */
static void check_fit(const struct envelope_call *call, struct arena *arena)
{
	const struct json_span parts[] = {call->id, call->meta, call->params};
	size_t count = ARRAY_SIZE(parts);
	if (call->params_error.fault != JSON_OK) {
		const char *place = json_place(call->params, call->params_error.offset, arena);
		if (!json_fault_is_unfit(call->params_error.fault) || (place[0] != '\0' && place[0] != '/'))
			fatal("params that are unfit nowhere");
		count--;
	}
	struct json_error error;
	for (size_t i = 0; i < count; i++)
		if (parts[i].data && !json_scan(parts[i].data, parts[i].length, JSON_DEPTH_MAX, arena, &error))
			fatal("a part that must not be read: %s", json_fault_text(error.fault));
}

static void check_calls(const struct envelope *envelope, const char *text, size_t length, struct arena *arena)
{
	if (envelope->count == 0)
		fatal("no calls and no error");
	for (size_t i = 0; i < envelope->count; i++) {
		const struct envelope_call *call = &envelope->calls[i];
		check_span(call->id, text, length);
		check_span(call->params, text, length);
		check_span(call->meta, text, length);
		check_span(call->text, text, length);
		if (!call->fault && (call->method.length == 0 || call->method.length > API_NAME_MAX))
			fatal("a valid call without method");
		if (call->notification && call->id.data)
			fatal("a notification with an id");
		if (!call->fault)
			check_fit(call, arena);
	}
}

/* Builds, writes and builds again. */
static void check_tree(const char *text, size_t length, struct arena *arena)
{
	struct json_object *tree, *again;
	if (!json_tree_build(text, length, 0, arena, &tree))
		fatal("a scanned text cannot be built");
	struct buffer buffer;
	buffer_init_arena(&buffer, arena, 16 * length + 1000);
	json_tree_write(tree, &buffer);
	if (buffer_failed(&buffer))
		fatal("a tree cannot be written");
	struct json_error error;
	if (!json_tree_parse(buffer.data, buffer.length, JSON_DEPTH_MAX, 0, arena, &again, &error))
		fatal("what was written does not read: %s", json_fault_text(error.fault));
	if (!json_tree_equal(tree, again) || json_tree_hash(tree) != json_tree_hash(again))
		fatal("what was written reads back as something else");
	json_object_put(tree);
	json_object_put(again);
}

/* json-c, less strict than we are, must take what we take. */
static void check_with_json_c(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
	struct json_object *tree = json_tokener_parse_ex(tokener, text, (int)length);
	enum json_tokener_error error = json_tokener_get_error(tokener);
	if (error != json_tokener_success && error != json_tokener_continue)
		fatal("json-c refuses what we take: %s", json_tokener_error_desc(error));
	json_object_put(tree);
	json_tokener_free(tokener);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	const char *text = (const char *)data;
	struct envelope envelope;
	if (envelope_scan(text, size, &ENVELOPE_LIMITS_DEFAULT, &arena, &envelope) == ENVELOPE_OK)
		check_calls(&envelope, text, size, &arena);
	struct json_error error;
	struct envelope_reply reply;
	if (envelope_scan_reply(text, size, JSON_DEPTH_DEFAULT, &arena, &reply, &error)) {
		check_span(reply.id, text, size);
		check_span(reply.result, text, size);
		check_span(reply.error, text, size);
	}
	bool taken = json_scan(text, size, JSON_DEPTH_DEFAULT, &arena, &error);
	if (envelope.status == ENVELOPE_OK && !taken && !json_fault_is_unfit(error.fault))
		fatal("an envelope that is no JSON");
	if (taken) {
		check_tree(text, size, &arena);
		check_with_json_c(text, size);
	}
	arena_done(&arena);
	return 0;
}
