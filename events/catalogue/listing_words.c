#include "catalogue/listing_words.h"

#include "base/buffer.h"
#include "base/macros.h"
#include "json/tree.h"

#include <string.h>

#define MAX_TEXT (8 << 20)

static const char *const texts[] = {"title", "description", "address"};

static void put(void *argument)
{
	json_object_put(argument);
}

static struct json_object *new_object(struct context *ctx)
{
	struct json_object *object = json_object_new_object();
	context_defer(ctx, put, object);
	return object;
}

static void add(struct json_object *object, const char *name, struct json_object *value)
{
	json_object_object_add(object, name, json_object_get(value));
}

static const char *write(struct context *ctx, struct json_object *object)
{
	struct buffer text;
	buffer_init_arena(&text, &ctx->arena, MAX_TEXT);
	json_tree_write(object, &text);
	return buffer_text(&text);
}

static bool is_text(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(texts[i], name) == 0)
			return true;
	return false;
}

/* All properties as they are from now on: the given ones, but words as published. */
static struct json_object *properties_now(struct context *ctx, const struct listing_words_update *update,
					  struct json_object *given, struct json_object *published)
{
	struct json_object *properties = new_object(ctx);
	json_object_object_foreach(given, key, value)
	{
		if (!update->is_words(update->argument, key))
			add(properties, key, value);
	}
	json_object_object_foreach(published, own_key, own_value)
	{
		if (update->is_words(update->argument, own_key))
			add(properties, own_key, own_value);
	}
	return properties;
}

/* The words among the properties given that differ from those published; null where they are given no more. */
static struct json_object *properties_waiting(struct context *ctx, const struct listing_words_update *update,
					      struct json_object *given, struct json_object *published)
{
	struct json_object *properties = new_object(ctx);
	json_object_object_foreach(given, key, value)
	{
		if (update->is_words(update->argument, key) &&
		    !json_tree_equal(value, json_object_object_get(published, key)))
			add(properties, key, value);
	}
	json_object_object_foreach(published, own_key, own_value)
	{
		(void)own_value;
		if (update->is_words(update->argument, own_key) && !json_object_object_get(given, own_key))
			add(properties, own_key, NULL);
	}
	return properties;
}

static struct json_object *fields_of(struct context *ctx, const struct listing_words_update *update)
{
	struct json_object *fields = new_object(ctx), *published = update->published;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct json_object *value = json_object_object_get(update->params, texts[i]);
		if (!value)
			value = json_object_object_get(update->waiting, texts[i]);
		if (value && !json_tree_equal(value, json_object_object_get(published, texts[i])))
			add(fields, texts[i], value);
	}
	struct json_object *given = json_object_object_get(update->params, "properties");
	struct json_object *properties = json_object_object_get(update->waiting, "properties");
	if (given)
		properties = properties_waiting(ctx, update, given, json_object_object_get(published, "properties"));
	if (properties && json_object_object_length(properties) > 0)
		add(fields, "properties", properties);
	return fields;
}

struct listing_words_split listing_words_split(struct context *ctx, const struct listing_words_update *update)
{
	struct json_object *now = new_object(ctx), *fields = fields_of(ctx, update);
	json_object_object_foreach(update->params, name, value)
	{
		if (value && strcmp(name, "properties") == 0)
			add(now, name,
			    properties_now(ctx, update, value,
					   json_object_object_get(update->published, "properties")));
		else if (!is_text(name))
			add(now, name, value);
	}
	bool waits = json_object_object_length(fields) > 0;
	return (struct listing_words_split){
	    .now = write(ctx, now),
	    .fields = write(ctx, fields),
	    .waits = waits,
	    .changed = update->waiting ? !json_tree_equal(fields, update->waiting) : waits,
	};
}
