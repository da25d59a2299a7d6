#include "json/walk.h"

void json_walk_init(struct json_walk *walk, struct json_object *tree)
{
	/* The levels stay as they are: each is written when it is opened. */
	walk->value = tree;
	walk->depth = 0;
	walk->open = 0;
	walk->started = false;
}

static bool is_container(struct json_object *value)
{
	enum json_type type = json_object_get_type(value);
	return type == json_type_object || type == json_type_array;
}

static enum json_walk_event visit(struct json_walk *walk, struct json_object *value)
{
	walk->value = value;
	walk->depth = walk->open;
	if (!is_container(value))
		return WALK_SCALAR;
	if (walk->open == JSON_DEPTH_MAX)
		return WALK_TOO_DEEP;
	walk->levels[walk->open++] = (struct json_walk_level){.container = value};
	return WALK_OPEN;
}

static enum json_walk_event close(struct json_walk *walk)
{
	walk->open--;
	walk->depth = walk->open;
	walk->value = walk->levels[walk->open].container;
	return WALK_CLOSE;
}

enum json_walk_event json_walk_next(struct json_walk *walk)
{
	if (!walk->started) {
		walk->started = true;
		return visit(walk, walk->value);
	}
	if (walk->open == 0)
		return WALK_END;
	struct json_walk_level *level = &walk->levels[walk->open - 1];
	if (json_object_get_type(level->container) == json_type_array) {
		if (level->index == json_object_array_length(level->container))
			return close(walk);
		return visit(walk, json_object_array_get_idx(level->container, level->index++));
	}
	level->entry = level->index == 0 ? json_object_get_object(level->container)->head : lh_entry_next(level->entry);
	if (!level->entry)
		return close(walk);
	level->index++;
	return visit(walk, (struct json_object *)lh_entry_v(level->entry));
}

static const struct json_walk_level *parent(const struct json_walk *walk)
{
	return walk->depth == 0 ? NULL : &walk->levels[walk->depth - 1];
}

const char *json_walk_key(const struct json_walk *walk)
{
	const struct json_walk_level *level = parent(walk);
	return level && level->entry ? (const char *)lh_entry_k(level->entry) : NULL;
}

size_t json_walk_index(const struct json_walk *walk)
{
	const struct json_walk_level *level = parent(walk);
	return level ? level->index - 1 : 0;
}
