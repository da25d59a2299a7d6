#include "json/tree.h"

#include "json/walk.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOUBLE_SIZE 40

/* The shortest decimal that reads back the same. NaN and infinities, which JSON has not, become null. */
static void write_double(double value, struct buffer *buffer)
{
	if (!isfinite(value)) {
		buffer_append(buffer, "null", 4);
		return;
	}
	char text[DOUBLE_SIZE];
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buffer_append_text(buffer, text);
	/* Keeps a fraction, for readers that distinguish doubles from integers. */
	if (!strpbrk(text, ".e"))
		buffer_append(buffer, ".0", 2);
}

static void write_integer(struct json_object *value, struct buffer *buffer)
{
	int64_t number = json_object_get_int64(value);
	if (number == INT64_MAX)
		buffer_printf(buffer, "%" PRIu64, json_object_get_uint64(value));
	else
		buffer_printf(buffer, "%" PRId64, number);
}

static void write_scalar(struct json_object *value, struct buffer *buffer)
{
	switch (json_object_get_type(value)) {
	case json_type_boolean:
		buffer_append_text(buffer, json_object_get_boolean(value) ? "true" : "false");
		return;
	case json_type_double:
		write_double(json_object_get_double(value), buffer);
		return;
	case json_type_int:
		write_integer(value, buffer);
		return;
	case json_type_string:
		buffer_append_json_bytes(buffer, json_object_get_string(value),
					 (size_t)json_object_get_string_len(value));
		return;
	default:
		buffer_append(buffer, "null", 4);
		return;
	}
}

static void write_lead(const struct json_walk *walk, struct buffer *buffer)
{
	if (walk->depth == 0)
		return;
	if (json_walk_index(walk) > 0)
		buffer_append_char(buffer, ',');
	const char *key = json_walk_key(walk);
	if (key) {
		buffer_append_json_string(buffer, key);
		buffer_append_char(buffer, ':');
	}
}

void json_tree_write(struct json_object *tree, struct buffer *buffer)
{
	struct json_walk walk;
	json_walk_init(&walk, tree);
	enum json_walk_event event;
	while ((event = json_walk_next(&walk)) != WALK_END) {
		bool object = json_object_get_type(walk.value) == json_type_object;
		if (event == WALK_TOO_DEEP) {
			buffer->failed = true;
			return;
		}
		if (event == WALK_CLOSE) {
			buffer_append_char(buffer, object ? '}' : ']');
			continue;
		}
		write_lead(&walk, buffer);
		if (event == WALK_OPEN)
			buffer_append_char(buffer, object ? '{' : '[');
		else
			write_scalar(walk.value, buffer);
	}
}
