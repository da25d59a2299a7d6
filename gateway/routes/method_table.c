#include "routes/method_table.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "base/hash_map.h"

#include <stdlib.h>
#include <string.h>

#define MAX_METHODS 4096

struct method_table {
	const char *const *daemons;
	size_t count;
	struct hash_map *methods[]; /* of each daemon; NULL: not yet */
};

struct method_table *method_table_new(const char *const *daemons, size_t count)
{
	struct method_table *table = must_calloc(1, sizeof(*table) + count * sizeof(*table->methods));
	table->daemons = daemons;
	table->count = count;
	return table;
}

void method_table_free(struct method_table *table)
{
	for (size_t i = 0; table && i < table->count; i++)
		hash_map_free(table->methods[i]);
	free(table);
}

static bool may_call(struct json_object *method, const char *word)
{
	struct json_object *list = json_object_object_get(method, "x-access");
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), word) == 0)
			return true;
	return false;
}

static bool is_internal(struct json_object *method)
{
	struct json_object *access = json_object_object_get(method, "x-access");
	bool only_one = access && json_object_array_length(access) == 1;
	return (only_one && may_call(method, "service")) ||
	       json_object_get_boolean(json_object_object_get(method, "x-internal"));
}

/* What it costs. A document of a daemon that is older may say a lane that is none any more: it is a lane all the same.
 */
static struct charge charge_of(struct json_object *object, bool idempotent)
{
	int64_t cost = json_object_get_int64(json_object_object_get(object, "x-cost"));
	return (struct charge){
	    .bucket = json_object_object_get(object, "x-lane") ? BUCKET_LANE : BUCKET_POINT,
	    .cost = cost > 0 ? cost : 1,
	    .writes = !idempotent || json_object_get_boolean(json_object_object_get(object, "x-writes")),
	};
}

static void add(struct hash_map *methods, const char *daemon, struct json_object *object)
{
	struct remote_method *method = must_calloc(1, sizeof(*method));
	bool idempotent = json_object_get_boolean(json_object_object_get(object, "x-idempotent"));
	*method = (struct remote_method){
	    .daemon = daemon,
	    .idempotent = idempotent,
	    .public = may_call(object, "public"),
	    .deadline = json_object_get_int64(json_object_object_get(object, "x-deadline-ms")) * CLOCK_MILLISECOND,
	    .charge = charge_of(object, idempotent),
	};
	if (!hash_map_put_text(methods, json_object_get_string(json_object_object_get(object, "name")), method))
		free(method);
}

void method_table_learn(struct method_table *table, size_t daemon, struct json_object *document)
{
	struct json_object *list = json_object_object_get(document, "methods");
	struct hash_map *methods = hash_map_new(MAX_METHODS, free);
	for (size_t i = list ? json_object_array_length(list) : 0; i-- > 0;) {
		struct json_object *method = json_object_array_get_idx(list, i);
		if (is_internal(method))
			json_object_array_del_idx(list, i, 1);
		else
			add(methods, table->daemons[daemon], method);
	}
	hash_map_free(table->methods[daemon]);
	table->methods[daemon] = methods;
}

enum methods_answer method_table_find(const struct method_table *table, const char *name, size_t length,
				      struct remote_method *ret)
{
	for (size_t i = 0; i < table->count; i++) {
		size_t prefix = strlen(table->daemons[i]);
		if (length <= prefix || name[prefix] != '.' || memcmp(name, table->daemons[i], prefix) != 0)
			continue;
		if (!table->methods[i])
			return METHODS_UNSURE;
		const struct remote_method *method = hash_map_get(table->methods[i], name, length);
		if (method)
			*ret = *method;
		return method ? METHODS_KNOWN : METHODS_UNKNOWN;
	}
	return METHODS_UNKNOWN;
}
