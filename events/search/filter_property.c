#include "search/filter_property.h"

#include "catalogue/catalogue.h"
#include "catalogue/listing_check.h"
#include "events.h"

/* A filter being added: the property, its condition, and where it stands in the call. */
struct condition {
	struct query *query;
	const struct property *property;
	struct json_object *value;
	const char *path;
};

static int wrong_form(const struct condition *condition, const char *expected)
{
	return rpc_invalid(condition->query->call, condition->path, "form", expected);
}

static int add_boolean(const struct condition *condition)
{
	if (!json_object_is_type(condition->value, json_type_boolean))
		return wrong_form(condition, "\"true or false\"");
	query_require_term(condition->query, json_object_get_boolean(condition->value) ? condition->property->term_yes
										       : condition->property->term_no);
	return 0;
}

/* A bound as text: the number itself, or the days of a date since 1970. The kinds are told apart by the statement. */
static int add_bound(const struct condition *condition, const char *name, const char *operator)
{
	struct json_object *bound = json_object_object_get(condition->value, name);
	bool date = condition->property->kind == PROPERTY_DATE;
	if (!bound)
		return 0;
	if (json_object_is_type(bound, json_type_string) != date)
		return wrong_form(condition, date ? "\"from and to as dates\"" : "\"from and to as numbers\"");
	if (date && !listing_date_valid(json_object_get_string(bound)))
		return wrong_form(condition, "\"a day of the years 0001 to 9999\"");
	int number = query_value(condition->query,
				 arena_strdup(&condition->query->call->ctx->arena, json_object_get_string(bound)));
	int slot = query_value(condition->query,
			       arena_printf(&condition->query->call->ctx->arena, "%d", condition->property->slot));
	query_filter(condition->query,
		     date ? "s.numbers[$%d::integer] %s ($%d::date - date '1970-01-01')"
			  : "s.numbers[$%d::integer] %s $%d::float8",
		     slot, operator, number);
	return 0;
}

static int add_range(const struct condition *condition)
{
	if (!json_object_object_get(condition->value, "from") && !json_object_object_get(condition->value, "to"))
		return wrong_form(condition, "\"{from, to}\"");
	if (add_bound(condition, "from", ">="))
		return -1;
	return add_bound(condition, "to", "<=");
}

/* The terms of value keys as "{1,2}"; NULL with an error for a key that the property does not have. */
static const char *terms_of(const struct condition *condition, struct json_object *keys, const char *name)
{
	struct rpc_call *call = condition->query->call;
	struct buffer terms;
	buffer_init_arena(&terms, &call->ctx->arena, 4096);
	for (size_t i = 0; i < json_object_array_length(keys); i++) {
		int term =
		    property_term(condition->property, json_object_get_string(json_object_array_get_idx(keys, i)));
		if (!term) {
			(void)rpc_invalid(call, arena_printf(&call->ctx->arena, "%s/%s/%zu", condition->path, name, i),
					  "enum", NULL);
			return NULL;
		}
		buffer_printf(&terms, "%s%d", i > 0 ? "," : "{", term);
	}
	buffer_append_char(&terms, '}');
	return buffer_text(&terms);
}

static int add_choice(const struct condition *condition)
{
	struct json_object *one_of = json_object_object_get(condition->value, "one_of");
	struct json_object *all_of = json_object_object_get(condition->value, "all_of");
	bool multi = condition->property->kind == PROPERTY_MULTI_ENUM;
	if (!one_of && !(multi && all_of))
		return wrong_form(condition, multi ? "\"{one_of} or {all_of}\"" : "\"{one_of}\"");
	const char *terms = one_of ? terms_of(condition, one_of, "one_of") : terms_of(condition, all_of, "all_of");
	if (!terms)
		return -1;
	query_filter(condition->query, one_of ? "s.terms && $%d::integer[]" : "s.terms @> $%d::integer[]",
		     query_value(condition->query, terms));
	return 0;
}

static int add_contains(const struct condition *condition)
{
	struct json_object *text = json_object_object_get(condition->value, "contains");
	if (!text)
		return wrong_form(condition, "\"{contains}\"");
	/* A copy: the values outlive waits, in which another call may replace the catalogue's snapshot. */
	int key =
	    query_value(condition->query, arena_strdup(&condition->query->call->ctx->arena, condition->property->key));
	int value = query_value(condition->query,
				arena_strdup(&condition->query->call->ctx->arena, json_object_get_string(text)));
	query_filter(condition->query,
		     "EXISTS (SELECT 1 FROM listing p WHERE p.id = s.id AND "
		     "strpos(lower(p.properties->>$%d::text), lower($%d::text)) > 0)",
		     key, value);
	return 0;
}

static int add_condition(const struct condition *condition)
{
	bool object = json_object_is_type(condition->value, json_type_object);
	switch (condition->property->kind) {
	case PROPERTY_BOOLEAN:
		return add_boolean(condition);
	case PROPERTY_NUMBER:
	case PROPERTY_DATE:
		return object ? add_range(condition) : wrong_form(condition, "\"{from, to}\"");
	case PROPERTY_ENUM:
	case PROPERTY_MULTI_ENUM:
		return object ? add_choice(condition) : wrong_form(condition, "\"{one_of}\"");
	case PROPERTY_TEXT:
		return object ? add_contains(condition) : wrong_form(condition, "\"{contains}\"");
	}
	return -1;
}

int filter_properties(struct query *query)
{
	struct rpc_call *call = query->call;
	struct json_object *filters = rpc_param_json(call, "properties");
	if (!filters)
		return 0;
	json_object_object_foreach(filters, key, value)
	{
		struct condition condition = {
		    .query = query,
		    .property = catalogue_property(call_catalogue(call), key),
		    .value = value,
		    .path = arena_printf(&call->ctx->arena, "/params/properties/%s", key),
		};
		if (!condition.property)
			return rpc_invalid(call, condition.path, "exists", NULL);
		if (add_condition(&condition))
			return -1;
	}
	return 0;
}
