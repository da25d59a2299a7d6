/*
 * The inside of api/api.h: how a catalogue is put together.
 */
#ifndef EVENTLOOP_API_INTERNAL_H
#define EVENTLOOP_API_INTERNAL_H

#include "api/api.h"
#include "base/error.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* Where an error text goes, and what is being read. */
struct api_reader {
	char *error;
	size_t size;
	const char *file;
	const char *method; /* NULL outside one */
};

/* Sets the error text, "<file>: <method>: <text>". Always false. */
bool api_fail(struct api_reader *reader, const char *format, ...) PRINTF(2, 3);

/* Checks a method object, fills in *method (all but index and schemas; its name is borrowed from the object), marks the
 * object as by-name, and makes one object schema of its parameters, owned by the caller. */
bool api_method_read(struct api_reader *reader, struct json_object *object, struct api_method *method,
		     struct json_object **ret_params) MUST_CHECK;

/* Makes the examples of a method object whole: where a value may stand, {"$ref": "#/components/examples/Name"} stands
 * for the value of the component, with the members of "x-with" beside it, when there are any, instead or besides. Then
 * checks that each example names parameters of the method and has a result. components: of all files of the daemon,
 * {name: {"value": ...}}; references among them are made whole on the way. A read that gives no examples has one when
 * its result refers to a schema and a component example of that name has a member for each required parameter. */
bool api_examples_read(struct api_reader *reader, struct json_object *method,
		       struct json_object *components) MUST_CHECK;

/* Makes the member `example` of an object whole likewise. title: what it is an example of, for errors. */
bool api_example_read(struct api_reader *reader, const char *title, struct json_object *holder,
		      struct json_object *components) MUST_CHECK;

/* Reads the errors that a method lists, adds those that follow from its access and parameters, and makes full error
 * objects of them, or references where nothing is particular to the method. `method`: as far as extensions are read. */
bool api_errors_read(struct api_reader *reader, struct json_object *object, const struct api_method *method,
		     struct json_object *params) MUST_CHECK;

/* Adds every error of base/error.h to a document's components, and the schema of their data to its schemas. */
void api_errors_components(struct json_object *components);

/* The component schema of error.data, which has one name in every document, merged ones too. */
#define API_ERROR_DATA "ErrorData"

/* That schema, for the caller to own (error_data.c). */
struct json_object *api_error_data_schema(void);

/* The schema of error.data of one error of a method: the component, with the words that can stand in it there. reasons:
 * an array of words; rules: an object with, by its word, each rule's {member: schema of its value}; both stay the
 * caller's. For the caller to own. */
struct json_object *api_error_data_of(enum error_code code, struct json_object *reasons, struct json_object *rules);

/* Whether a word stands in an array of words. */
bool api_holds_word(struct json_object *words, const char *word);

/* Adds a word that does not stand there yet. */
void api_add_word(struct json_object *words, const char *word);

/* A document with info, the server when there is one, no methods, and components of no schemas and every error of
 * base/error.h. Owned by the caller. */
struct json_object *api_document_new(const struct api_about *about);

/* Leaves the document those component schemas, its own and the pool's, that its methods and errors refer to, directly
 * or not. */
void api_take_schemas(struct json_object *document, struct json_object *pool);

/* The lists of facts in a document: its own, and those it consumes of others. */
#define API_FACTS "x-facts"
#define API_CONSUMES "x-consumes"

/* The schemas of the payloads, by topic (facts.c). */
struct api_facts;
struct api_facts *api_facts_new(void);
void api_facts_free(struct api_facts *facts);

/* Checks the lists of a file, if it has any, and adds them to the document. */
bool api_facts_read(struct api_reader *reader, struct json_object *document, struct json_object *file) MUST_CHECK;

/* Makes the examples of the document's facts whole, as api_examples_read those of methods. */
bool api_facts_examples(struct api_reader *reader, struct json_object *document,
			struct json_object *components) MUST_CHECK;

/* Compiles the payloads of the document's lists, which stand in the set's document too. */
bool api_facts_compile(struct api_reader *reader, struct json_object *document, struct schema_set *set,
		       struct api_facts *facts) MUST_CHECK;

/* As api_published, api_consumed and api_consumed_count. */
const struct schema *api_facts_published(const struct api_facts *facts, const char *topic);
const struct schema *api_facts_consumed(const struct api_facts *facts, const char *topic);
size_t api_facts_consumed_count(const struct api_facts *facts);

/* Adds the facts of a daemon's document to the merged one, and what it consumes; once all are there, each fact is given
 * its consumers, and what they consume is left out. */
void api_facts_merge(struct json_object *merged, struct json_object *source, const char *daemon);
void api_facts_name_consumers(struct json_object *merged);

/* A member that must be there and of a type; NULL when it is not. */
struct json_object *api_member(struct json_object *object, const char *name, enum json_type type);

/* Adds the members of an object to another, instead of those of the same name; none when source is NULL. */
void api_members_add(struct json_object *target, struct json_object *source);

/* The text of a member; NULL when it is absent, empty or no string. */
const char *api_text(struct json_object *object, const char *name);

/* The flags of an x-access; 0 when it has a word that is none. */
unsigned api_access_read(struct json_object *words);

#endif
