#include "accounts/attribute_schema.h"

#include "audit/audit.h"
#include "base/buffer.h"
#include "schema/schema.h"
#include "json/tree.h"

#include <string.h>

#define MAX_SCHEMA_BYTES 16384
#define MAX_ATTRIBUTES_BYTES 8192
#define MAX_FIELDS 8192
#define MAX_ERROR 300
#define DRAFT "http://json-schema.org/draft-07/schema#"

#define SCHEMA_JSON "jsonb_build_object('schema', s.schema, 'version', s.version, 'updated_at', api_time(s.updated_at))"

static const char SELECT_SCHEMA[] = "SELECT " SCHEMA_JSON "::text FROM attribute_schema s";
/* With how many bytes the attributes $1 have as they are kept and shown: 1e308 becomes a number of 309 digits. */
static const char LOCK_SCHEMA[] =
    "SELECT s.schema::text, octet_length($1::jsonb::text) FROM attribute_schema s FOR SHARE";
static const char UPDATE_SCHEMA[] = "UPDATE attribute_schema AS s SET schema = $1::jsonb, version = version + 1, "
				    "updated_at = now() WHERE version = $2::integer RETURNING " SCHEMA_JSON "::text";

int attribute_schema_get(struct rpc_call *call)
{
	struct pg_result *schema = pg_read(call->ctx, call->db, SELECT_SCHEMA);
	return schema ? rpc_reply_row(call, schema, "schema") : -1;
}

/* invalid_params with the compiler's words: "#/properties/size: minimum must be a number". */
static int not_compiled(struct rpc_call *call, const char *error)
{
	struct arena *arena = &call->ctx->arena;
	const char *place = *error == '#' ? error + 1 : "";
	struct buffer expected;
	buffer_init_arena(&expected, arena, MAX_FIELDS);
	buffer_append_json_string(&expected, error);
	return rpc_invalid(call, arena_printf(arena, "/params/schema%.*s", (int)strcspn(place, ":"), place), "schema",
			   buffer_failed(&expected) ? NULL : buffer_text(&expected));
}

/* A parameter of more bytes of JSON than that is refused. */
static int check_size(struct rpc_call *call, const char *name, size_t size, size_t most)
{
	struct arena *arena = &call->ctx->arena;
	if (size <= most)
		return 0;
	return rpc_invalid(call, arena_printf(arena, "/params/%s", name), "maxBytes", arena_printf(arena, "%zu", most));
}

static int check_member(struct rpc_call *call, struct json_object *schema, const char *name, const char *expected)
{
	struct json_object *value = json_object_object_get(schema, name);
	if (json_object_is_type(value, json_type_string) && strcmp(json_object_get_string(value), expected) == 0)
		return 0;
	return rpc_invalid(call, arena_printf(&call->ctx->arena, "/params/schema/%s", name), "const",
			   arena_printf(&call->ctx->arena, "\"%s\"", expected));
}

static int check_compiles(struct rpc_call *call, struct json_object *schema)
{
	char error[MAX_ERROR] = "";
	struct schema_set *set = schema_set_new(schema);
	bool compiled = schema_set_compile(set, "", error, sizeof(error)) != NULL;
	schema_set_free(set);
	return compiled ? 0 : not_compiled(call, error);
}

static int check_schema(struct rpc_call *call)
{
	struct json_object *schema = rpc_param_json(call, "schema");
	if (check_size(call, "schema", strlen(rpc_param(call, "schema")), MAX_SCHEMA_BYTES) ||
	    check_member(call, schema, "type", "object"))
		return -1;
	if (json_object_object_get_ex(schema, "$schema", NULL) && check_member(call, schema, "$schema", DRAFT))
		return -1;
	return check_compiles(call, schema);
}

int attribute_schema_set(struct rpc_call *call)
{
	const char *version = rpc_param(call, "version");
	if (check_schema(call))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *schema = pg_query(call->ctx, tx, UPDATE_SCHEMA, rpc_param(call, "schema"), version);
	if (!schema)
		return -1;
	if (pg_count(schema) == 0)
		return rpc_stale(call, "schema");
	const struct audit_event event = {
	    .action = "attribute_schema.changed",
	    .details = arena_printf(&call->ctx->arena, "{\"replaced_version\":%s}", version),
	};
	audit_record(call, tx, &event);
	return rpc_commit_row(call, tx, schema, "schema");
}

/* The schema was compiled when it was set: failing now is our fault. */
static int check_against(struct rpc_call *call, struct json_object *document, struct json_object *attributes)
{
	char error[MAX_ERROR] = "";
	struct schema_set *set = schema_set_new(document);
	const struct schema *schema = schema_set_compile(set, "", error, sizeof(error));
	struct schema_result result;
	bool fits = schema && schema_validate(schema, attributes, "/params/attributes", SCHEMA_NORMALIZE,
					      &call->ctx->arena, &result);
	int status = 0;
	if (!schema)
		status = context_fail_internal(call->ctx, "the schema of attributes: %s", error);
	else if (!fits)
		status = rpc_invalid_fields(call->ctx, &result);
	schema_set_free(set);
	return status;
}

int attributes_check(struct rpc_call *call, struct pg_tx *tx)
{
	struct json_object *attributes = rpc_param_json(call, "attributes"), *document = NULL;
	if (!attributes)
		return 0;
	const char *text = rpc_param(call, "attributes");
	if (check_size(call, "attributes", strlen(text), MAX_ATTRIBUTES_BYTES))
		return -1;
	struct pg_result *row = pg_query(call->ctx, tx, LOCK_SCHEMA, text);
	if (!row || check_size(call, "attributes", (size_t)pg_integer(row, 0, 1), MAX_ATTRIBUTES_BYTES))
		return -1;
	struct json_error fault;
	if (!json_tree_parse(pg_text(row, 0, 0), pg_length(row, 0, 0), JSON_DEPTH_MAX, JSON_TREE_WHOLE,
			     &call->ctx->arena, &document, &fault))
		return context_fail_internal(call->ctx, "the schema of attributes cannot be read");
	int status = check_against(call, document, attributes);
	json_object_put(document);
	return status;
}
