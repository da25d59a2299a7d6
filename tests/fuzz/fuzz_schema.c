/*
 * A schema and an instance, one a line: nothing crashes, hangs or leaks, and the same question has the same answer,
 * whether errors are wanted (first) or not (below a double negation).
 */
#include "base/fatal.h"
#include "schema/schema.h"
#include "json/tree.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json_object *parse(const char *text, size_t length, struct arena *arena, bool *ret_parsed)
{
	struct json_object *tree = NULL;
	struct json_error error;
	*ret_parsed = json_tree_parse(text, length, JSON_DEPTH_DEFAULT, JSON_TREE_NFC, arena, &tree, &error);
	return tree;
}

static const struct schema *compile(struct schema_set *set)
{
	char error[200] = "";
	const struct schema *schema = schema_set_compile(set, "", error, sizeof(error));
	if (!schema && error[0] == '\0')
		fatal("refused without a word");
	return schema;
}

static void check_errors(const struct schema_result *result, struct arena *arena)
{
	struct buffer text;
	buffer_init_arena(&text, arena, 1U << 20);
	schema_result_write(result, &text);
	struct json_error fault;
	if (buffer_failed(&text) || !json_scan(text.data, text.length, JSON_DEPTH_MAX, arena, &fault))
		fatal("errors that are no JSON");
}

static bool is_bounded(const struct schema_result *result)
{
	for (size_t i = 0; i < result->count; i++)
		if (strcmp(result->errors[i].rule, "complexity") == 0)
			return true;
	return false;
}

/* "Not: not: the schema" has the same answer, found without reporting. Only for schemas without references. */
static void check_quietly(struct json_object *document, struct json_object *instance, bool valid, struct arena *arena)
{
	struct json_object *inner = json_object_new_object(), *outer = json_object_new_object();
	json_object_object_add(inner, "not", json_object_get(document));
	json_object_object_add(outer, "not", inner);
	struct schema_set *set = schema_set_new(outer);
	const struct schema *schema = compile(set);
	struct schema_result result;
	if (schema && schema_validate(schema, instance, "", 0, arena, &result) != valid && !is_bounded(&result))
		fatal("another answer when asked quietly");
	schema_set_free(set);
	json_object_put(outer);
}

static void run(struct json_object *document, struct json_object *instance, bool references, struct arena *arena)
{
	struct schema_set *set = schema_set_new(document);
	const struct schema *schema = compile(set);
	struct schema_result result;
	if (schema) {
		bool valid = schema_validate(schema, instance, "/params", 0, arena, &result);
		check_errors(&result, arena);
		if (!references && !is_bounded(&result))
			check_quietly(document, instance, valid, arena);
		if (schema_validate(schema, instance, "/params", SCHEMA_NORMALIZE, arena, &result) !=
		    (result.count == 0))
			fatal("errors without a fault, or a fault without errors");
	}
	schema_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	const char *text = (const char *)data, *line = size == 0 ? NULL : memchr(text, '\n', size);
	if (!line)
		return 0;
	size_t length = (size_t)(line - text);
	bool parsed, also;
	struct json_object *document = parse(text, length, &arena, &parsed);
	struct json_object *instance = parse(line + 1, size - length - 1, &arena, &also);
	bool references = memmem(text, length, "$", 1) || memmem(text, length, "\\u", 2);
	if (parsed && also)
		run(document, instance, references, &arena);
	json_object_put(document);
	json_object_put(instance);
	arena_done(&arena);
	return 0;
}
