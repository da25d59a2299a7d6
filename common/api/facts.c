#include "api/facts.h"

#include "api/internal.h"
#include "base/fatal.h"
#include "base/hash_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FACTS_MAX 500
#define CONSUMERS "consumers"

struct api_facts {
	struct hash_map *published, *consumed; /* topic: schema */
};

struct api_facts *api_facts_new(void)
{
	struct api_facts *facts = must_calloc(1, sizeof(*facts));
	facts->published = hash_map_new(FACTS_MAX, NULL);
	facts->consumed = hash_map_new(FACTS_MAX, NULL);
	return facts;
}

void api_facts_free(struct api_facts *facts)
{
	if (!facts)
		return;
	hash_map_free(facts->published);
	hash_map_free(facts->consumed);
	free(facts);
}

/* The members that an entry must have, ended by NULL: payload may be any schema, an example anything. */
static const char *const published_members[] = {"topic", "summary", "key", "payload", "example", NULL};
static const char *const consumed_members[] = {"topic", "payload", NULL};

static bool check_entry(struct api_reader *reader, struct json_object *entry, const char *const *members)
{
	const char *topic = api_text(entry, "topic");
	if (!topic)
		return api_fail(reader, "a fact has no topic");
	int count = 0;
	for (; members[count]; count++)
		if (!json_object_object_get_ex(entry, members[count], NULL))
			return api_fail(reader, "the fact %s has no %s", topic, members[count]);
	return json_object_object_length(entry) == count ||
	       api_fail(reader, "the fact %s has a member that facts do not have", topic);
}

/* Moves a list of the file to the document. */
static bool add_list(struct api_reader *reader, struct json_object *document, struct json_object *list,
		     const char *name, const char *const *members)
{
	if (!json_object_is_type(list, json_type_array))
		return api_fail(reader, "%s must be an array", name);
	if (json_object_object_get_ex(document, name, NULL))
		return api_fail(reader, "%s stand in two files", name);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (!check_entry(reader, json_object_array_get_idx(list, i), members))
			return false;
	json_object_object_add(document, name, json_object_get(list));
	return true;
}

bool api_facts_read(struct api_reader *reader, struct json_object *document, struct json_object *file)
{
	struct json_object *facts, *consumes;
	if (json_object_object_get_ex(file, "facts", &facts) &&
	    !add_list(reader, document, facts, API_FACTS, published_members))
		return false;
	return !json_object_object_get_ex(file, "consumes", &consumes) ||
	       add_list(reader, document, consumes, API_CONSUMES, consumed_members);
}

bool api_facts_examples(struct api_reader *reader, struct json_object *document, struct json_object *components)
{
	struct json_object *facts = json_object_object_get(document, API_FACTS);
	reader->file = "facts";
	reader->method = NULL;
	for (size_t i = 0; facts && i < json_object_array_length(facts); i++) {
		struct json_object *fact = json_object_array_get_idx(facts, i);
		if (!api_example_read(reader, api_text(fact, "topic"), fact, components))
			return false;
	}
	return true;
}

static bool compile_list(struct api_reader *reader, struct json_object *document, const char *name,
			 struct schema_set *set, struct hash_map *schemas)
{
	struct json_object *list = json_object_object_get(document, name);
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const char *topic = api_text(json_object_array_get_idx(list, i), "topic");
		char pointer[64], text[300];
		(void)snprintf(pointer, sizeof(pointer), "/%s/%zu/payload", name, i);
		const struct schema *schema = schema_set_compile(set, pointer, text, sizeof(text));
		if (!schema)
			return api_fail(reader, "%s: %s", topic, text);
		if (hash_map_get_text(schemas, topic))
			return api_fail(reader, "%s stands twice", topic);
		if (!hash_map_put_text(schemas, topic, (void *)(uintptr_t)schema))
			return api_fail(reader, "more than %d facts", FACTS_MAX);
	}
	return true;
}

bool api_facts_compile(struct api_reader *reader, struct json_object *document, struct schema_set *set,
		       struct api_facts *facts)
{
	reader->file = "facts";
	reader->method = NULL;
	return compile_list(reader, document, API_FACTS, set, facts->published) &&
	       compile_list(reader, document, API_CONSUMES, set, facts->consumed);
}

const struct schema *api_facts_published(const struct api_facts *facts, const char *topic)
{
	return hash_map_get_text(facts->published, topic);
}

const struct schema *api_facts_consumed(const struct api_facts *facts, const char *topic)
{
	return hash_map_get_text(facts->consumed, topic);
}

size_t api_facts_consumed_count(const struct api_facts *facts)
{
	return hash_map_count(facts->consumed);
}

static struct json_object *find_fact(struct json_object *facts, const char *topic)
{
	for (size_t i = 0; topic && facts && i < json_object_array_length(facts); i++) {
		struct json_object *fact = json_object_array_get_idx(facts, i);
		const char *own = api_text(fact, "topic");
		if (own && strcmp(own, topic) == 0)
			return fact;
	}
	return NULL;
}

static void append(struct json_object *object, const char *name, struct json_object *value)
{
	struct json_object *array;
	if (!json_object_object_get_ex(object, name, &array)) {
		array = json_object_new_array();
		json_object_object_add(object, name, array);
	}
	json_object_array_add(array, value);
}

void api_facts_merge(struct json_object *merged, struct json_object *source, const char *daemon)
{
	struct json_object *facts = api_member(source, API_FACTS, json_type_array);
	struct json_object *consumes = api_member(source, API_CONSUMES, json_type_array);
	for (size_t i = 0; facts && i < json_object_array_length(facts); i++) {
		struct json_object *fact = json_object_array_get_idx(facts, i);
		json_object_object_add(fact, CONSUMERS, json_object_new_array());
		append(merged, API_FACTS, json_object_get(fact));
	}
	for (size_t i = 0; consumes && i < json_object_array_length(consumes); i++) {
		struct json_object *one = json_object_array_get_idx(consumes, i);
		json_object_object_add(one, CONSUMERS, json_object_new_string(daemon));
		append(merged, API_CONSUMES, json_object_get(one));
	}
}

void api_facts_name_consumers(struct json_object *merged)
{
	struct json_object *facts = json_object_object_get(merged, API_FACTS);
	struct json_object *consumes = json_object_object_get(merged, API_CONSUMES);
	for (size_t i = 0; consumes && i < json_object_array_length(consumes); i++) {
		struct json_object *one = json_object_array_get_idx(consumes, i);
		struct json_object *fact = find_fact(facts, api_text(one, "topic"));
		if (fact)
			append(fact, CONSUMERS, json_object_get(json_object_object_get(one, CONSUMERS)));
	}
	json_object_object_del(merged, API_CONSUMES);
}
