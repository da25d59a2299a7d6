#include "catalogue/change.h"
#include "catalogue/definition.h"

#include <string.h>

/* Values are listed as they are now; inside a statement that changes them too, `changed` carries the new ones. */
#define PROPERTY_JSON(values)                                                                                     \
	"jsonb_build_object('key', d.key, 'name', d.name, 'description', d.description, 'category', d.category, " \
	"'kind', d.kind, 'unit', d.unit, 'values', " values ", 'types', d.types, 'archived', d.archived, "        \
	"'version', d.version)"

#define STORED_VALUES                                                                                              \
	"coalesce((SELECT jsonb_agg(jsonb_build_object('key', v.key, 'name', v.name) ORDER BY v.position, v.key) " \
	"FROM property_value v WHERE v.property = d.key), '[]')"

#define GIVEN_TYPES(fallback)                                                                             \
	"CASE WHEN $1::jsonb ? 'types' THEN ARRAY(SELECT jsonb_array_elements_text($1::jsonb->'types')) " \
	"ELSE " fallback " END"

#define THIS_VERSION "d.key = $1::jsonb->>'key' AND d.version = ($1::jsonb->>'version')::integer"

/* Values given again keep their term and take the new name; position is the place in the list. */
#define PUT_VALUES                                                                                                     \
	"INSERT INTO property_value (property, key, name, position) SELECT d.key, g.value->>'key', g.value->>'name', " \
	"g.place FROM d, jsonb_array_elements($1::jsonb->'values') WITH ORDINALITY AS g(value, place) "                \
	"ON CONFLICT (property, key) DO UPDATE SET name = excluded.name, position = excluded.position"

#define TYPES_OF_NEW GIVEN_TYPES("'{}'")
#define TYPES_OF_CHANGED GIVEN_TYPES("d.types")
#define GIVEN_PROPERTY PROPERTY_JSON("coalesce($1::jsonb->'values', '[]')")
#define MERGED_VALUES                                                                                              \
	"coalesce((SELECT jsonb_agg(jsonb_build_object('key', m.key, 'name', m.name) ORDER BY m.position, m.key) " \
	"FROM merged m), '[]')"
#define MERGED_PROPERTY PROPERTY_JSON(MERGED_VALUES)

static const struct definition properties = {
    .noun = "property",
    .created = "events.property.created",
    .changed = "events.property.changed",
    .insert =
	"WITH d AS (INSERT INTO property (key, name, description, category, kind, unit, types, "
	"term_yes, term_no, slot) "
	"SELECT p.key, p.name, coalesce(p.description, ''), p.category, p.kind, p.unit, " TYPES_OF_NEW ", "
	"CASE WHEN p.kind = 'boolean' THEN nextval('search_term') END, "
	"CASE WHEN p.kind = 'boolean' THEN nextval('search_term') END, "
	"CASE WHEN p.kind IN ('number', 'date') THEN nextval('search_slot') END "
	"FROM jsonb_to_record($1::jsonb) AS p(key text, name text, description text, category text, kind text, unit text) "
	"RETURNING *), put AS (" PUT_VALUES ") SELECT " GIVEN_PROPERTY "::text FROM d",
    .update =
	"WITH d AS (UPDATE property d SET name = coalesce(p.name, d.name), "
	"description = coalesce(p.description, d.description), category = coalesce(p.category, d.category), "
	"unit = coalesce(p.unit, d.unit), types = " TYPES_OF_CHANGED ", version = d.version + 1, updated_at = now() "
	"FROM jsonb_to_record($1::jsonb) AS p(name text, description text, category text, unit text) "
	"WHERE " THIS_VERSION " RETURNING d.*), put AS (" PUT_VALUES " RETURNING property_value.*), "
	"merged AS (SELECT key, name, position FROM put UNION ALL "
	"SELECT v.key, v.name, v.position FROM property_value v "
	"JOIN d ON d.key = v.property WHERE v.key NOT IN (SELECT key FROM put)) "
	"SELECT " MERGED_PROPERTY "::text FROM d",
    .archive =
	"UPDATE property d SET archived = coalesce(($1::jsonb->>'archived')::boolean, true), version = d.version + 1, "
	"updated_at = now() WHERE " THIS_VERSION " RETURNING " PROPERTY_JSON(STORED_VALUES) "::text",
    .exists = "SELECT 1 FROM property WHERE key = $1",
    .list = "SELECT jsonb_build_object('items', coalesce(jsonb_agg(" PROPERTY_JSON(
	STORED_VALUES) " ORDER BY c.position, d.category, d.name, d.key), '[]'))::text "
		       "FROM property d JOIN property_category c ON c.key = d.category "
		       "WHERE (NOT d.archived OR coalesce(($1::jsonb->>'archived')::boolean, false)) "
		       "AND ($1::jsonb->>'category' IS NULL OR d.category = $1::jsonb->>'category') "
		       "AND ($1::jsonb->>'type' IS NULL OR d.types = '{}' OR $1::jsonb->>'type' = ANY (d.types))",
    .get = "SELECT " PROPERTY_JSON(STORED_VALUES) "::text FROM property d WHERE d.key = $1",
};

int property_list(struct rpc_call *call)
{
	return definition_list(call, &properties);
}

int property_get(struct rpc_call *call)
{
	return definition_get(call, &properties);
}

/* What the schema cannot say: which members go with which kind, and that values are named once. */
static int check_values(struct rpc_call *call)
{
	struct json_object *values = rpc_param_json(call, "values");
	size_t count = values ? json_object_array_length(values) : 0;
	for (size_t i = 0; i < count; i++) {
		const char *key =
		    json_object_get_string(json_object_object_get(json_object_array_get_idx(values, i), "key"));
		for (size_t j = 0; j < i; j++) {
			struct json_object *other = json_object_array_get_idx(values, j);
			if (strcmp(key, json_object_get_string(json_object_object_get(other, "key"))) == 0)
				return rpc_invalid(call, arena_printf(&call->ctx->arena, "/params/values/%zu/key", i),
						   "uniqueItems", "true");
		}
	}
	return 0;
}

static int check_kind(struct rpc_call *call, const char *kind)
{
	bool chooses = strcmp(kind, "enum") == 0 || strcmp(kind, "multi_enum") == 0;
	if (chooses && !rpc_param_json(call, "values"))
		return rpc_invalid(call, "/params/values", "required", NULL);
	if (!chooses && rpc_param_json(call, "values"))
		return rpc_invalid(call, "/params/values", "only_for_enums", NULL);
	if (strcmp(kind, "number") != 0 && rpc_param(call, "unit"))
		return rpc_invalid(call, "/params/unit", "only_for_numbers", NULL);
	return check_values(call);
}

int property_create(struct rpc_call *call)
{
	if (check_kind(call, rpc_param(call, "kind")))
		return -1;
	return definition_create(call, &properties);
}

static const char SELECT_KIND[] = "SELECT kind FROM property WHERE key = $1";

int property_update(struct rpc_call *call)
{
	struct pg_result *kind = pg_read(call->ctx, call->db, SELECT_KIND, rpc_param(call, "key"));
	if (!kind)
		return -1;
	if (pg_count(kind) == 0)
		return rpc_not_found(call, properties.noun);
	bool chooses = strcmp(pg_text(kind, 0, 0), "enum") == 0 || strcmp(pg_text(kind, 0, 0), "multi_enum") == 0;
	if (!chooses && rpc_param_json(call, "values"))
		return rpc_invalid(call, "/params/values", "only_for_enums", NULL);
	if (strcmp(pg_text(kind, 0, 0), "number") != 0 && rpc_param(call, "unit"))
		return rpc_invalid(call, "/params/unit", "only_for_numbers", NULL);
	if (check_values(call))
		return -1;
	return definition_change(call, &properties, properties.update);
}

int property_archive(struct rpc_call *call)
{
	return definition_change(call, &properties, properties.archive);
}
