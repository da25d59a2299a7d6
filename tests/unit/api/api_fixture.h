/* A small catalogue to change: sound files, and what is said of those that are not. */
#ifndef EVENTLOOP_TESTS_API_API_FIXTURE_H
#define EVENTLOOP_TESTS_API_API_FIXTURE_H

#include "api/api.h"
#include "unit.h"
#include "json/tree.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define METHOD_PARTS(name, extra)                                                                                  \
	"{\"name\":\"" name                                                                                        \
	"\",\"summary\":\"s\",\"description\":\"d\",\"params\":[{\"name\":\"id\",\"required\":true,"               \
	"\"schema\":{\"$ref\":\"#/components/schemas/Id\"}},{\"name\":\"note\",\"schema\":{\"type\":\"string\","   \
	"\"maxLength\":3}}],\"result\":{\"name\":\"thing\",\"schema\":{\"$ref\":\"#/components/schemas/Thing\"}}," \
	"\"errors\":[{\"$ref\":\"#/components/errors/"                                                             \
	"conflict\"}],\"examples\":[{\"name\":\"e\",\"params\":[{\"name\":\"id\","                                 \
	"\"value\":\"x\"}],\"result\":{\"name\":\"thing\",\"value\":{\"id\":\"x\"}}}]," extra "}"
#define EXTENSIONS(access) "\"x-access\":[" access "],\"x-idempotent\":true,\"x-deadline-ms\":1500,\"x-cost\":3"
#define METHOD(name) METHOD_PARTS(name, EXTENSIONS("\"user\",\"company:owner\""))
#define COMPONENTS                                                                                \
	"{\"components\":{\"schemas\":{\"Id\":{\"type\":\"string\",\"maxLength\":10},\"Thing\":{" \
	"\"type\":\"object\","                                                                    \
	"\"properties\":{\"id\":{\"$ref\":\"#/components/schemas/Id\"}}}}}}"

static char error[500];

static inline struct embedded_file file(const char *name, const char *text)
{
	return (struct embedded_file){name, text, text + strlen(text)};
}

static inline struct api *load(const char *methods)
{
	struct embedded_file files[] = {
	    file("things.json", methods), file("schemas.json", COMPONENTS), {NULL, NULL, NULL}};
	error[0] = '\0';
	return api_load(files, &(struct api_about){"things", "1.2", "http://127.0.0.1:7/rpc"}, error, sizeof(error));
}

static inline void assert_refused(const char *methods, const char *expected)
{
	struct api *api = load(methods);
	assert_null(api);
	if (!strstr(error, expected))
		fail_msg("\"%s\" instead of \"%s\"", error, expected);
}

/* One member of a sound method replaced. */
static inline void assert_refused_with(const char *member, const char *value, const char *expected)
{
	struct json_object *method = json_tokener_parse(METHOD("a.b.c"));
	struct json_object *document = json_object_new_object(), *methods = json_object_new_array();
	assert_non_null(method);
	if (!value)
		json_object_object_del(method, member);
	else
		json_object_object_add(method, member, json_tokener_parse(value));
	json_object_array_add(methods, method);
	json_object_object_add(document, "methods", methods);
	assert_refused(json_object_to_json_string(document), expected);
	json_object_put(document);
}

static inline struct json_object *parse(const char *text)
{
	struct json_object *tree = json_tokener_parse(text);
	assert_non_null(tree);
	return tree;
}

static inline const char *text_at(struct json_object *tree, const char *pointer)
{
	struct json_object *value;
	if (!json_tree_pointer(tree, pointer, &value))
		fail_msg("nothing at %s", pointer);
	return json_object_get_string(value);
}

#endif
