#include "catalogue/definition.h"

#include "catalogue/change.h"

#define TYPE_JSON                                                                                         \
	"jsonb_build_object('key', d.key, 'name', d.name, 'description', d.description, 'unit', d.unit, " \
	"'archived', d.archived, 'version', d.version)"

#define CATEGORY_JSON                                                                                       \
	"jsonb_build_object('key', d.key, 'name', d.name, 'position', d.position, 'archived', d.archived, " \
	"'version', d.version)"

/* What the update and archive statements of all three share: $1 names key and version. */
#define THIS_VERSION "d.key = $1::jsonb->>'key' AND d.version = ($1::jsonb->>'version')::integer"
#define NEXT_VERSION "version = d.version + 1, updated_at = now()"
#define NOT_HIDDEN "(NOT d.archived OR coalesce(($1::jsonb->>'archived')::boolean, false))"

static const struct definition types = {
    .noun = "listing type",
    .created = "events.type.created",
    .changed = "events.type.changed",
    .insert = "INSERT INTO listing_type AS d (key, name, description, unit) SELECT p.key, p.name, "
	      "coalesce(p.description, ''), "
	      "p.unit FROM jsonb_to_record($1::jsonb) AS p(key text, name text, description text, unit text) "
	      "RETURNING " TYPE_JSON "::text",
    .update = "UPDATE listing_type d "
	      "SET name = coalesce(p.name, d.name), description = coalesce(p.description, d.description), "
	      "unit = coalesce(p.unit, d.unit), " NEXT_VERSION
	      " FROM jsonb_to_record($1::jsonb) AS p(name text, description text, unit text) "
	      "WHERE " THIS_VERSION " RETURNING " TYPE_JSON "::text",
    .archive = "UPDATE listing_type d SET archived = coalesce(($1::jsonb->>'archived')::boolean, true), " NEXT_VERSION
	       " WHERE " THIS_VERSION " RETURNING " TYPE_JSON "::text",
    .exists = "SELECT 1 FROM listing_type WHERE key = $1",
    .list = "SELECT jsonb_build_object('items', coalesce(jsonb_agg(" TYPE_JSON " ORDER BY d.name, d.key), '[]'))::text "
	    "FROM listing_type d WHERE " NOT_HIDDEN,
    .get = "SELECT " TYPE_JSON "::text FROM listing_type d WHERE d.key = $1",
};

static const struct definition categories = {
    .noun = "property category",
    .created = "events.property_category.created",
    .changed = "events.property_category.changed",
    .insert =
	"INSERT INTO property_category AS d (key, name, position) SELECT p.key, p.name, coalesce(p.position, 0) "
	"FROM jsonb_to_record($1::jsonb) AS p(key text, name text, position integer) RETURNING " CATEGORY_JSON "::text",
    .update = "UPDATE property_category d SET name = coalesce(p.name, d.name), position = coalesce(p.position, "
	      "d.position), " NEXT_VERSION " FROM jsonb_to_record($1::jsonb) AS p(name text, position integer) "
	      "WHERE " THIS_VERSION " RETURNING " CATEGORY_JSON "::text",
    .archive =
	"UPDATE property_category d SET archived = coalesce(($1::jsonb->>'archived')::boolean, true), " NEXT_VERSION
	" WHERE " THIS_VERSION " RETURNING " CATEGORY_JSON "::text",
    .exists = "SELECT 1 FROM property_category WHERE key = $1",
    .list = "SELECT jsonb_build_object('items', coalesce(jsonb_agg(" CATEGORY_JSON
	    " ORDER BY d.position, d.key), '[]'))::text "
	    "FROM property_category d WHERE " NOT_HIDDEN,
    .get = "SELECT " CATEGORY_JSON "::text FROM property_category d WHERE d.key = $1",
};

int type_list(struct rpc_call *call)
{
	return definition_list(call, &types);
}

int type_get(struct rpc_call *call)
{
	return definition_get(call, &types);
}

int type_create(struct rpc_call *call)
{
	return definition_create(call, &types);
}

int type_update(struct rpc_call *call)
{
	return definition_change(call, &types, types.update);
}

int type_archive(struct rpc_call *call)
{
	return definition_change(call, &types, types.archive);
}

int property_category_list(struct rpc_call *call)
{
	return definition_list(call, &categories);
}

int property_category_get(struct rpc_call *call)
{
	return definition_get(call, &categories);
}

int property_category_create(struct rpc_call *call)
{
	return definition_create(call, &categories);
}

int property_category_update(struct rpc_call *call)
{
	return definition_change(call, &categories, categories.update);
}

int property_category_archive(struct rpc_call *call)
{
	return definition_change(call, &categories, categories.archive);
}
