#include "catalogue/catalogue.h"

#include "base/clock.h"
#include "postgres/postgres.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_FOR CLOCK_SECOND

/* One state of the catalogue: everything in one arena, sorted by key. */
struct snapshot {
	struct arena arena;
	int64_t revision;
	size_t property_count, type_count;
	struct property *properties;
	struct listing_type *types;
};

struct catalogue {
	struct pg *db;
	int64_t checked; /* monotonic microseconds; 0: never */
	struct snapshot current;
};

static const char SELECT_REVISION[] = "SELECT revision FROM catalogue_revision";

static const char SELECT_TYPES[] = "SELECT key, term, archived FROM listing_type ORDER BY key COLLATE \"C\"";

static const char SELECT_PROPERTIES[] =
    "SELECT p.key, p.kind, p.archived, coalesce(p.term_yes, 0), coalesce(p.term_no, 0), coalesce(p.slot, 0), "
    "array_to_json(p.types)::text, coalesce((SELECT json_agg(json_build_array(v.key, v.term) "
    "ORDER BY v.position, v.key)::text "
    "FROM property_value v WHERE v.property = p.key), '[]') FROM property p ORDER BY p.key COLLATE \"C\"";

struct catalogue *catalogue_new(struct pg *db)
{
	struct catalogue *catalogue = calloc(1, sizeof(*catalogue));
	if (!catalogue)
		abort();
	catalogue->db = db;
	return catalogue;
}

void catalogue_free(struct catalogue *catalogue)
{
	if (!catalogue)
		return;
	arena_done(&catalogue->current.arena);
	free(catalogue);
}

static enum property_kind kind_from(const char *name)
{
	static const char *const names[] = {"boolean", "number", "text", "enum", "multi_enum", "date"};
	size_t kind = 0;
	while (kind < ARRAY_SIZE(names) - 1 && strcmp(names[kind], name) != 0)
		kind++;
	return (enum property_kind)kind;
}

static void take_texts(struct arena *arena, struct json_object *list, struct property *property)
{
	size_t count = json_object_array_length(list);
	const char **types = arena_alloc(arena, (count + 1) * sizeof(*types));
	for (size_t i = 0; i < count; i++)
		types[i] = arena_strdup(arena, json_object_get_string(json_object_array_get_idx(list, i)));
	property->types = types;
	property->type_count = count;
}

static void take_values(struct arena *arena, struct json_object *list, struct property *property)
{
	size_t count = json_object_array_length(list);
	struct property_value *values = arena_alloc(arena, (count + 1) * sizeof(*values));
	for (size_t i = 0; i < count; i++) {
		struct json_object *pair = json_object_array_get_idx(list, i);
		values[i].key = arena_strdup(arena, json_object_get_string(json_object_array_get_idx(pair, 0)));
		values[i].term = json_object_get_int(json_object_array_get_idx(pair, 1));
	}
	property->values = values;
	property->value_count = count;
}

static void take_property(struct arena *arena, const struct pg_result *rows, size_t row, struct property *ret)
{
	struct json_object *types = json_tokener_parse(pg_text(rows, row, 6));
	struct json_object *values = json_tokener_parse(pg_text(rows, row, 7));
	*ret = (struct property){
	    .key = arena_strdup(arena, pg_text(rows, row, 0)),
	    .kind = kind_from(pg_text(rows, row, 1)),
	    .archived = pg_boolean(rows, row, 2),
	    .term_yes = (int)pg_integer(rows, row, 3),
	    .term_no = (int)pg_integer(rows, row, 4),
	    .slot = (int)pg_integer(rows, row, 5),
	};
	take_texts(arena, types, ret);
	take_values(arena, values, ret);
	json_object_put(types);
	json_object_put(values);
}

static void take_snapshot(struct snapshot *ret, int64_t revision, const struct pg_result *types,
			  const struct pg_result *properties)
{
	struct snapshot fresh = {.revision = revision};
	fresh.type_count = pg_count(types);
	fresh.property_count = pg_count(properties);
	fresh.types = arena_alloc(&fresh.arena, (fresh.type_count + 1) * sizeof(*fresh.types));
	fresh.properties = arena_alloc(&fresh.arena, (fresh.property_count + 1) * sizeof(*fresh.properties));
	for (size_t i = 0; i < fresh.type_count; i++)
		fresh.types[i] = (struct listing_type){
		    .key = arena_strdup(&fresh.arena, pg_text(types, i, 0)),
		    .term = (int)pg_integer(types, i, 1),
		    .archived = pg_boolean(types, i, 2),
		};
	for (size_t i = 0; i < fresh.property_count; i++)
		take_property(&fresh.arena, properties, i, &fresh.properties[i]);
	arena_done(&ret->arena);
	*ret = fresh;
}

/* The revision is read first: what changes between the statements is read again next time. */
int catalogue_refresh(struct context *ctx, struct catalogue *catalogue)
{
	struct pg_result *revision = pg_read(ctx, catalogue->db, SELECT_REVISION);
	if (!revision)
		return -1;
	int64_t number = pg_integer(revision, 0, 0);
	if (number != catalogue->current.revision) {
		struct pg_result *types = pg_read(ctx, catalogue->db, SELECT_TYPES);
		struct pg_result *properties = types ? pg_read(ctx, catalogue->db, SELECT_PROPERTIES) : NULL;
		if (!properties)
			return -1;
		take_snapshot(&catalogue->current, number, types, properties);
	}
	catalogue->checked = clock_monotonic();
	return 0;
}

int catalogue_current(struct context *ctx, struct catalogue *catalogue)
{
	if (catalogue->checked && clock_monotonic() - catalogue->checked < FRESH_FOR)
		return 0;
	return catalogue_refresh(ctx, catalogue);
}

static int compare_property(const void *key, const void *property)
{
	return strcmp(key, ((const struct property *)property)->key);
}

static int compare_type(const void *key, const void *type)
{
	return strcmp(key, ((const struct listing_type *)type)->key);
}

const struct property *catalogue_property(const struct catalogue *catalogue, const char *key)
{
	const struct snapshot *snapshot = &catalogue->current;
	if (snapshot->property_count == 0)
		return NULL;
	return bsearch(key, snapshot->properties, snapshot->property_count, sizeof(*snapshot->properties),
		       compare_property);
}

const struct listing_type *catalogue_type(const struct catalogue *catalogue, const char *key)
{
	const struct snapshot *snapshot = &catalogue->current;
	if (snapshot->type_count == 0)
		return NULL;
	return bsearch(key, snapshot->types, snapshot->type_count, sizeof(*snapshot->types), compare_type);
}

bool property_fits_type(const struct property *property, const char *type)
{
	for (size_t i = 0; i < property->type_count; i++)
		if (strcmp(property->types[i], type) == 0)
			return true;
	return property->type_count == 0;
}

int property_term(const struct property *property, const char *value)
{
	for (size_t i = 0; i < property->value_count; i++)
		if (strcmp(property->values[i].key, value) == 0)
			return property->values[i].term;
	return 0;
}

size_t catalogue_property_count(const struct catalogue *catalogue)
{
	return catalogue->current.property_count;
}
