/*
 * The inside of schema/schema.h: what compiling makes and validating runs.
 *
 * A schema is a run of operations: first the leaves, which look at one value alone, then the applicators, which apply
 * other schemas. A schema that is only a $ref is compiled to the schema it refers to, so none exists when validating.
 * Ownership: everything is in the set's arena, but patterns (PCRE2's), values that instances are compared with and the
 * document (json-c's). What validating reads does not point into the document.
 */
#ifndef EVENTLOOP_SCHEMA_INTERNAL_H
#define EVENTLOOP_SCHEMA_INTERNAL_H

#include "base/arena.h"
#include "base/hash_map.h"
#include "schema/format.h"
#include "schema/schema.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order in which they run: kind first, then trimming, then the rest; applicators last. */
enum schema_code {
	SCHEMA_NEVER, /* the schema false */
	SCHEMA_TYPE,
	SCHEMA_TRIM,
	SCHEMA_CONST,
	SCHEMA_ENUM,
	SCHEMA_MINIMUM,
	SCHEMA_MAXIMUM,
	SCHEMA_EXCLUSIVE_MINIMUM,
	SCHEMA_EXCLUSIVE_MAXIMUM,
	SCHEMA_MULTIPLE_OF,
	SCHEMA_MIN_LENGTH,
	SCHEMA_MAX_LENGTH,
	SCHEMA_PATTERN,
	SCHEMA_FORMAT,
	SCHEMA_MIN_ITEMS,
	SCHEMA_MAX_ITEMS,
	SCHEMA_UNIQUE_ITEMS,
	SCHEMA_MIN_PROPERTIES,
	SCHEMA_MAX_PROPERTIES,
	SCHEMA_LEAVES,	/* the number of leaves; no operation */
	SCHEMA_MEMBERS, /* properties, patternProperties, additionalProperties, required */
	SCHEMA_ITEMS,	/* items, additionalItems */
	SCHEMA_CONTAINS,
	SCHEMA_PROPERTY_NAMES,
	SCHEMA_DEPENDENCIES,
	SCHEMA_ALL_OF,
	SCHEMA_ANY_OF,
	SCHEMA_ONE_OF,
	SCHEMA_NOT,
	SCHEMA_CONDITION /* if, then, else */
};

/* Kinds of value as bits of json-c's numbering. */
#define KIND(type) (1U << (type))
#define KIND_NUMBER (KIND(json_type_int) | KIND(json_type_double))
#define KIND_ANY 0x7FU
#define KIND_WHOLE 0x80U /* in allowed kinds: doubles without fraction too */

struct schema_pattern;

struct schema_list {
	struct schema **schemas;
	uint32_t count;
};

/* A name in properties or required. */
struct schema_member {
	const char *name; /* NULL in an empty slot of the table */
	size_t length;
	const struct schema *schema; /* NULL when only required */
	bool required;
};

struct schema_pattern_member {
	const struct schema_pattern *pattern;
	const struct schema *schema;
};

/* Everything about the members of an object, looked up once for each. */
struct schema_members {
	struct schema_member *table; /* open addressing by schema_name_hash */
	uint32_t mask;		     /* size of the table less one */
	uint32_t required;	     /* how many names are */
	struct schema_pattern_member *patterns;
	uint32_t pattern_count;
	const struct schema *additional; /* NULL: allowed */
	bool closed;			 /* additionalProperties is false */
};

struct schema_items {
	struct schema_list list;    /* items as an array */
	const struct schema *every; /* items as one schema, or additionalItems; NULL: anything */
	bool closed;		    /* additionalItems is false */
};

struct schema_dependency {
	const char *name;
	const struct schema *schema; /* or: */
	const char **names;
	uint32_t count;
};

struct schema_dependencies {
	struct schema_dependency *items;
	uint32_t count;
	struct schema_list schemas; /* of all items that have one */
};

struct schema_condition {
	struct schema *test, *then, *otherwise; /* the last two may be NULL */
};

/* A number as written in decimal: mantissa * 10^exponent. */
struct schema_decimal {
	uint64_t mantissa;
	int exponent;
};

struct schema_operation {
	enum schema_code code;
	unsigned applies;     /* KIND bits of the values it is about */
	const char *rule;     /* the keyword */
	const char *expected; /* JSON text of its value, or NULL */
	union {
		unsigned kinds;		    /* type */
		uint64_t limit;		    /* lengths and counts */
		struct json_object *value;  /* const, enum, minimum and such; a reference of the operation's */
		struct schema_decimal step; /* multipleOf */
		const struct schema_pattern *pattern;
		schema_format_check *format;
		struct schema *schema; /* contains, propertyNames, not */
		const struct schema_list *list;
		const struct schema_members *members;
		const struct schema_items *items;
		const struct schema_dependencies *dependencies;
		const struct schema_condition *condition;
	};
};

struct schema {
	struct schema_set *set;
	struct json_object *source;
	const char *base;  /* URI against which its references are resolved; while it is compiled, as is: */
	const char *place; /* "#/components/schemas/Name", for messages */
	struct schema_operation *operations;
	uint32_t count, leaves;
	uint32_t incoming;	/* while looking for endless references */
	struct schema *next;	/* of the set, newest first */
	bool compiled, settled; /* settled: known to lead to no endless reference */
};

struct schema_set {
	struct arena arena;	      /* what validating needs */
	struct arena index;	      /* of by_uri */
	struct arena work;	      /* of the compilation that runs: places, bases, URIs */
	struct json_object *document; /* these three are NULL once nothing more is to be compiled */
	struct hash_map *by_source;   /* json_object * -> struct schema * */
	struct hash_map *by_uri;      /* URI -> struct schema_resource * */
	struct schema *schemas;	      /* newest first */
	struct schema_pattern *patterns;
	char *error; /* of the compilation that runs */
	size_t error_size;
	bool failed;
};

/* A value of the document that a URI names. */
struct schema_resource {
	struct json_object *value;
	const char *base; /* of the object around it, before its own $id */
};

/* Sets the error of the running compilation, "<place>: <text>", unless there is one. Always false. */
bool schema_fail(struct schema_set *set, const char *place, const char *format, ...) PRINTF(3, 4);

/* The schema for a value of the document, made and queued for compiling when it is new; what a $ref leads to when it is
 * one. base: of what is around it. NULL on an error. */
struct schema *schema_node(struct schema_set *set, struct json_object *source, const char *base, const char *place);

/* Compiles one schema's keywords. */
bool schema_compile_node(struct schema *schema) MUST_CHECK;

/* True for operations that have a value of the document. */
bool schema_holds_value(const struct schema_operation *operation);

/* Keywords of more than one schema or several keywords in one operation. Each false on an error. */
bool schema_compile_members(struct schema *schema, struct schema_operation *operation) MUST_CHECK;
bool schema_compile_items(struct schema *schema, struct schema_operation *operation) MUST_CHECK;
bool schema_compile_dependencies(struct schema *schema, struct schema_operation *operation) MUST_CHECK;
bool schema_compile_condition(struct schema *schema, struct schema_operation *operation) MUST_CHECK;
bool schema_compile_list(struct schema *schema, struct schema_operation *operation) MUST_CHECK;
bool schema_compile_one(struct schema *schema, struct schema_operation *operation) MUST_CHECK;

/* The subschema at a keyword of schema, and the one below it with a name; NULL on an error. */
struct schema *schema_child(const struct schema *schema, struct json_object *source, const char *keyword,
			    const char *name);

/* Puts the places that the document's $id name into by_uri. */
bool schema_index_uris(struct schema_set *set) MUST_CHECK;

/* Finds what a $ref leads to. False with an error when it is not in the document. */
bool schema_resolve(struct schema_set *set, const char *base, const char *reference, const char *place,
		    struct schema_resource *ret) MUST_CHECK;

/* The base URI inside an object: changed by its $id, unless beside a $ref. */
const char *schema_base(struct schema_set *set, struct json_object *value, const char *base);

/* Resolves a URI reference, RFC 3986 section 5.2. In the arena. */
const char *schema_uri_resolve(struct arena *arena, const char *base, const char *reference);

/* A pattern of the set; NULL on an error. */
const struct schema_pattern *schema_pattern_new(struct schema_set *set, const char *text, const char *place);
void schema_patterns_free(struct schema_pattern *patterns);

struct schema_matcher;
/* What machine_matches has kept for its matches; NULL is fine. */
void schema_matcher_free(struct schema_matcher *matcher);

/* Two of them that have a file of their own. */
bool schema_is_uri(const char *text, size_t length);
bool schema_is_uuid(const char *text, size_t length);

/* Of ASCII, whatever the locale. */
static inline bool schema_is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static inline bool schema_is_letter(char character)
{
	char lower = (char)(character | 0x20);
	return lower >= 'a' && lower <= 'z';
}

static inline bool schema_is_hex(char character)
{
	char lower = (char)(character | 0x20);
	return schema_is_digit(character) || (lower >= 'a' && lower <= 'f');
}

/* Exact arithmetic on numbers as they were written. */
struct schema_decimal schema_decimal_of(struct json_object *number);
bool schema_is_multiple(struct json_object *number, struct schema_decimal step);
int schema_compare_numbers(struct json_object *one, struct json_object *other);
bool schema_is_whole(struct json_object *number);

/* True when no two items of the array are equal. */
bool schema_all_different(struct json_object *array, struct arena *arena);

/* Of a member name, for tables that nobody outside adds to. */
static inline uint32_t schema_name_hash(const char *name, size_t length)
{
	uint32_t hash = 2166136261U;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619U;
	return hash ^ hash >> 15;
}

#endif
