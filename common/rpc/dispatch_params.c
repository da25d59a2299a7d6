#include "rpc/dispatch_internal.h"

#include "json/tree.h"

#include <string.h>

static void put_tree(void *tree)
{
	json_object_put(tree);
}

static int refuse(struct context *ctx, const char *path, const char *rule, const char *expected)
{
	struct schema_result result = {.count = 1, .errors = {{.path = path, .rule = rule, .expected = expected}}};
	return rpc_invalid_fields(ctx, &result);
}

static int refuse_unfit(struct context *ctx, const struct envelope_call *envelope)
{
	static const char *const rules[] = {
	    [JSON_FAULT_NUL] = "noNul",
	    [JSON_FAULT_SURROGATE] = "pairedSurrogates",
	    [JSON_FAULT_NUMBER_RANGE] = "numberRange",
	    [JSON_FAULT_DUPLICATE_NAME] = "uniqueNames",
	};
	const char *place = json_place(envelope->params, envelope->params_error.offset, &ctx->arena);
	return refuse(ctx, arena_printf(&ctx->arena, "/params%s", place), rules[envelope->params_error.fault], NULL);
}

/* Of a scanned object or array: nothing is in it. */
static bool is_empty(struct json_span text)
{
	size_t at = 1;
	while (strchr(" \t\r\n", text.data[at]))
		at++;
	return at == text.length - 1;
}

/* The text of the parameters as an object: libraries write [] when there are none. -1 with invalid_params. */
static int take_text(struct context *ctx, const struct envelope_call *envelope, bool none_required,
		     struct json_span *ret)
{
	*ret = (struct json_span){"{}", 2};
	if (!envelope->params.data)
		return 0;
	if (envelope->params_error.fault != JSON_OK)
		return refuse_unfit(ctx, envelope);
	if (envelope->params.data[0] == '[')
		return none_required && is_empty(envelope->params) ? 0 : refuse(ctx, "/params", "type", "\"object\"");
	*ret = envelope->params;
	return 0;
}

int rpc_expect_no_params(struct context *ctx, const struct envelope_call *envelope)
{
	struct json_span text;
	if (take_text(ctx, envelope, true, &text))
		return -1;
	return is_empty(text) ? 0 : refuse(ctx, "/params", "maxProperties", "0");
}

/* Libraries write null for what is not given. */
static void drop_nulls(const struct api_method *method, struct json_object *params)
{
	json_object_object_foreach(params, name, value)
	{
		for (size_t i = 0; !value && i < method->droppable_count; i++) {
			if (strcmp(method->droppable[i], name) != 0)
				continue;
			json_object_object_del(params, name);
			break;
		}
	}
}

int dispatch_read_params(struct rpc_call *call, const struct envelope_call *envelope)
{
	const struct api_method *method = call->method;
	struct context *ctx = call->ctx;
	struct json_span text;
	if (take_text(ctx, envelope, method->none_required, &text))
		return -1;
	if (!json_tree_build(text.data, text.length, JSON_TREE_NFC | JSON_TREE_WHOLE, &ctx->arena, &call->params))
		return context_fail_internal(ctx, "no memory for the parameters");
	context_defer(ctx, put_tree, call->params);
	drop_nulls(method, call->params);
	struct schema_result result;
	if (schema_validate(method->params, call->params, "/params", SCHEMA_NORMALIZE, &ctx->arena, &result))
		return 0;
	return rpc_invalid_fields(ctx, &result);
}
