#include "json/tree.h"

#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A tree under construction, its text already checked. */
struct builder {
	const char *cursor;
	const char *end;
	struct arena *arena;
	unsigned flags;
	uint32_t depth;
	struct json_object *root;
	char *key; /* of the next value, unescaped; the buffer is reused while names fit it */
	size_t key_size;
	struct json_object *containers[JSON_DEPTH_MAX];
};

#define KEY_SIZE 64
#define EXACT_DIGITS 18		     /* so many always fit 64 bits */
#define MAX_WHOLE 9007199254740992.0 /* 2^53: up to it a double is the number that was written */

static char next_character(struct builder *builder)
{
	while (builder->cursor < builder->end && strchr(" \t\r\n", *builder->cursor))
		builder->cursor++;
	return builder->cursor < builder->end ? *builder->cursor : '\0';
}

/* Moves behind the string at the cursor; *ret_escaped: it has escapes. Returns its inside. */
static struct json_span take_string(struct builder *builder, bool *ret_escaped)
{
	const char *start = ++builder->cursor, *quote = start;
	*ret_escaped = false;
	while (*quote != '"') {
		*ret_escaped = *ret_escaped || *quote == '\\';
		quote += *quote == '\\' ? 2 : 1;
	}
	builder->cursor = quote + 1;
	return (struct json_span){start, (size_t)(quote - start)};
}

static void take_key(struct builder *builder)
{
	(void)next_character(builder);
	bool escaped;
	struct json_span raw = take_string(builder, &escaped);
	if (raw.length >= builder->key_size) {
		builder->key_size = raw.length + 1;
		builder->key = arena_alloc(builder->arena, builder->key_size);
	}
	size_t length = raw.length;
	if (escaped)
		length = json_unescape(raw, builder->key);
	else
		memcpy(builder->key, raw.data, raw.length);
	builder->key[length] = '\0';
	(void)next_character(builder);
	builder->cursor++; /* the colon */
}

static bool is_ascii(struct json_span text)
{
	unsigned char bits = 0;
	for (size_t i = 0; i < text.length; i++)
		bits |= (unsigned char)text.data[i];
	return bits < 0x80;
}

static struct json_object *build_string(struct builder *builder)
{
	bool escaped;
	struct json_span text = take_string(builder, &escaped);
	if (escaped) {
		char *plain = arena_alloc(builder->arena, text.length);
		text = (struct json_span){plain, json_unescape(text, plain)};
	}
	if ((builder->flags & JSON_TREE_NFC) != 0 && !is_ascii(text))
		return json_object_new_string(
		    text_normalize(builder->arena, arena_strndup(builder->arena, text.data, text.length)));
	return json_object_new_string_len(text.data, (int)text.length);
}

/* Whole numbers of few digits, the common case. */
static struct json_object *build_small(struct json_span text)
{
	bool negative = text.data[0] == '-';
	int64_t value = 0;
	for (size_t i = negative ? 1 : 0; i < text.length; i++)
		value = value * 10 + (text.data[i] - '0');
	return json_object_new_int64(negative ? -value : value);
}

static struct json_object *build_number(struct builder *builder)
{
	const char *start = builder->cursor, *cursor = start;
	bool whole = true;
	for (; cursor < builder->end && *cursor != '\0' && strchr("0123456789+-.eE", *cursor); cursor++)
		whole = whole && *cursor != '.' && *cursor != 'e' && *cursor != 'E';
	builder->cursor = cursor;
	struct json_span text = {start, (size_t)(cursor - start)};
	if (whole && text.length <= EXACT_DIGITS)
		return build_small(text);
	const char *copy = arena_strndup(builder->arena, start, text.length);
	errno = 0;
	long long exact = whole ? strtoll(copy, NULL, 10) : 0;
	if (whole && errno == 0)
		return json_object_new_int64(exact);
	double value = strtod(copy, NULL);
	if ((builder->flags & JSON_TREE_WHOLE) != 0 && fabs(value) <= MAX_WHOLE && trunc(value) == value)
		return json_object_new_int64((int64_t)value);
	return json_object_new_double(value);
}

/* Builds the value at the cursor, of a container only the container. False when memory ran out. */
static bool build_value(struct builder *builder, struct json_object **ret)
{
	char first = next_character(builder);
	if (first == 'n') {
		builder->cursor += 4;
		*ret = NULL;
		return true;
	}
	if (first == '"') {
		*ret = build_string(builder);
	} else if (first == 't' || first == 'f') {
		builder->cursor += first == 't' ? 4 : 5;
		*ret = json_object_new_boolean(first == 't');
	} else if (first == '{' || first == '[') {
		builder->cursor++;
		*ret = first == '{' ? json_object_new_object() : json_object_new_array_ext(4);
	} else {
		*ret = build_number(builder);
	}
	return *ret != NULL;
}

/* Puts a value where it belongs; takes it over. */
static bool attach(struct builder *builder, struct json_object *value)
{
	if (builder->depth == 0) {
		builder->root = value;
		return true;
	}
	struct json_object *parent = builder->containers[builder->depth - 1];
	int failed;
	if (json_object_get_type(parent) == json_type_object)
		failed = json_object_object_add_ex(parent, builder->key, value, JSON_C_OBJECT_ADD_KEY_IS_NEW);
	else
		failed = json_object_array_add(parent, value);
	if (failed != 0)
		json_object_put(value);
	return failed == 0;
}

/* Moves to where the next value starts, leaving containers that end. */
static void advance(struct builder *builder, bool opened)
{
	while (builder->depth > 0) {
		char character = next_character(builder);
		if (character != '}' && character != ']') {
			if (!opened)
				builder->cursor++; /* the comma */
			if (json_object_get_type(builder->containers[builder->depth - 1]) == json_type_object)
				take_key(builder);
			return;
		}
		builder->cursor++;
		builder->depth--;
		opened = false;
	}
}

static bool build(struct builder *builder)
{
	struct json_object *value;
	do {
		if (!build_value(builder, &value) || !attach(builder, value))
			return false;
		enum json_type type = json_object_get_type(value);
		bool container = type == json_type_object || type == json_type_array;
		if (container)
			builder->containers[builder->depth++] = value;
		advance(builder, container);
	} while (builder->depth > 0);
	return true;
}

bool json_tree_build(const char *text, size_t length, unsigned flags, struct arena *arena,
		     struct json_object **ret_tree)
{
	struct builder builder;
	builder.cursor = text;
	builder.end = text + length;
	builder.arena = arena;
	builder.flags = flags;
	builder.depth = 0;
	builder.root = NULL;
	char key[KEY_SIZE];
	builder.key = key;
	builder.key_size = sizeof(key);
	if (!build(&builder)) {
		json_object_put(builder.root);
		return false;
	}
	*ret_tree = builder.root;
	return true;
}

bool json_tree_parse(const char *text, size_t length, unsigned max_depth, unsigned flags, struct arena *arena,
		     struct json_object **ret_tree, struct json_error *ret_error)
{
	if (!json_scan(text, length, max_depth, arena, ret_error))
		return false;
	if (json_tree_build(text, length, flags, arena, ret_tree))
		return true;
	*ret_error = (struct json_error){.fault = JSON_FAULT_LENGTH};
	return false;
}
