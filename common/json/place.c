#include "json/scan.h"

#include "base/buffer.h"

#include <string.h>

#define LONGEST_NAME 200
#define LONGEST_POINTER ((size_t)JSON_DEPTH_MAX * (2 * LONGEST_NAME + 1))

/* An open container and where in it the walk is. */
struct step {
	bool object;
	size_t index;	       /* of an array's item */
	struct json_span name; /* of an object's member; no data before it and after its value */
};

struct walk {
	const char *cursor, *place;
	size_t depth;
	struct step steps[JSON_DEPTH_MAX + 1]; /* the first is none: what is outside the outermost container */
};

const char *json_skip_string(const char *quote)
{
	/* The next quote that no backslash escapes. */
	for (const char *end = quote + 1;; end++) {
		end = rawmemchr(end, '"');
		const char *before = end;
		while (before[-1] == '\\')
			before--;
		if ((end - before) % 2 == 0)
			return end + 1;
	}
}

static void pass_string(struct walk *walk)
{
	struct step *step = &walk->steps[walk->depth];
	const char *inside = walk->cursor + 1;
	walk->cursor = json_skip_string(walk->cursor);
	if (!step->object || step->name.data)
		return;
	bool told = walk->place <= inside || walk->place >= walk->cursor;
	if (told)
		step->name = (struct json_span){inside, (size_t)(walk->cursor - 1 - inside)};
}

static void pass(struct walk *walk)
{
	struct step *step = &walk->steps[walk->depth];
	char character = *walk->cursor++;
	if (character == '{' || character == '[') {
		walk->steps[++walk->depth] = (struct step){.object = character == '{'};
	} else if (character == '}' || character == ']') {
		walk->depth--;
	} else if (character == ',') {
		step->index++;
		step->name.data = NULL;
	}
}

static bool append_name(struct buffer *pointer, struct json_span raw)
{
	char name[LONGEST_NAME];
	if (!raw.data || raw.length > sizeof(name))
		return false;
	size_t length = json_unescape(raw, name);
	buffer_append_char(pointer, '/');
	for (size_t i = 0; i < length; i++) {
		if (name[i] == '~' || name[i] == '/')
			buffer_append_text(pointer, name[i] == '~' ? "~0" : "~1");
		else
			buffer_append_char(pointer, name[i]);
	}
	return true;
}

const char *json_place(struct json_span text, size_t offset, struct arena *arena)
{
	struct walk walk = {.cursor = text.data, .place = text.data + offset};
	while (walk.cursor && walk.cursor <= walk.place && walk.cursor < text.data + text.length) {
		if (*walk.cursor == '"')
			pass_string(&walk);
		else
			pass(&walk);
	}
	struct buffer pointer;
	buffer_init_arena(&pointer, arena, LONGEST_POINTER);
	for (size_t i = 1; i <= walk.depth; i++) {
		const struct step *step = &walk.steps[i];
		if (!step->object)
			buffer_printf(&pointer, "/%zu", step->index);
		else if (!append_name(&pointer, step->name))
			break;
	}
	return buffer_text(&pointer);
}
