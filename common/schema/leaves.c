#include "schema/machine.h"

#include "base/ids.h"
#include "base/text.h"
#include "json/tree.h"

#include <string.h>

/* The value that leaves look at; text and length only of strings, as trimmed. */
struct subject {
	struct json_object *value;
	enum json_type type;
	const char *text;
	size_t length;
};

static bool of_kind(const struct schema_operation *operation, const struct subject *subject)
{
	if ((operation->kinds & KIND(subject->type)) != 0)
		return true;
	return (operation->kinds & KIND_WHOLE) != 0 && subject->type == json_type_double &&
	       schema_is_whole(subject->value);
}

static bool may_be_space(char byte)
{
	return (unsigned char)byte <= ' ' || (unsigned char)byte >= 0x80;
}

static void trim(struct machine *machine, struct subject *subject)
{
	if (subject->length == 0 ||
	    (!may_be_space(subject->text[0]) && !may_be_space(subject->text[subject->length - 1])))
		return;
	subject->text = text_trim(machine->arena, subject->text);
	size_t length = strlen(subject->text);
	if (length == subject->length)
		return;
	subject->length = length;
	if ((machine->flags & SCHEMA_NORMALIZE) == 0)
		return;
	/* The text may point into the string that is being replaced. */
	const char *trimmed = arena_strndup(machine->arena, subject->text, length);
	(void)json_object_set_string_len(subject->value, trimmed, (int)length);
	subject->text = trimmed;
}

/* In lower case alone: beyond here ids are compared and kept as texts, so each has one spelling. */
static bool has_one_form(const struct machine *machine, const struct schema_operation *operation,
			 const struct subject *subject)
{
	bool free = operation->format != schema_is_uuid || (machine->flags & SCHEMA_NORMALIZE) == 0;
	return free || uuid_valid(subject->text);
}

static bool equals(const struct subject *subject, struct json_object *wanted)
{
	if (subject->type != json_type_string)
		return json_tree_equal(subject->value, wanted);
	return json_object_is_type(wanted, json_type_string) &&
	       (size_t)json_object_get_string_len(wanted) == subject->length &&
	       memcmp(json_object_get_string(wanted), subject->text, subject->length) == 0;
}

static bool is_one_of(struct machine *machine, const struct subject *subject, struct json_object *list)
{
	size_t count = json_object_array_length(list);
	if (!machine_count(machine, (uint32_t)count / 4))
		return false;
	for (size_t i = 0; i < count; i++)
		if (equals(subject, json_object_array_get_idx(list, i)))
			return true;
	return false;
}

static bool number_fits(const struct schema_operation *operation, const struct subject *subject)
{
	if (operation->code == SCHEMA_MULTIPLE_OF)
		return schema_is_multiple(subject->value, operation->step);
	int order = schema_compare_numbers(subject->value, operation->value);
	switch (operation->code) {
	case SCHEMA_MINIMUM:
		return order >= 0;
	case SCHEMA_MAXIMUM:
		return order <= 0;
	case SCHEMA_EXCLUSIVE_MINIMUM:
		return order > 0;
	default:
		return order < 0;
	}
}

static bool string_fits(struct machine *machine, const struct schema_operation *operation, struct subject *subject)
{
	switch (operation->code) {
	case SCHEMA_MIN_LENGTH:
		return subject->length >= operation->limit &&
		       text_code_points(subject->text, subject->length) >= operation->limit;
	case SCHEMA_MAX_LENGTH:
		return subject->length <= operation->limit ||
		       text_code_points(subject->text, subject->length) <= operation->limit;
	case SCHEMA_PATTERN:
		return machine_matches(machine, operation->pattern, subject->text, subject->length);
	default:
		return operation->format(subject->text, subject->length) && has_one_form(machine, operation, subject);
	}
}

static bool container_fits(struct machine *machine, const struct schema_operation *operation,
			   const struct subject *subject)
{
	struct json_object *value = subject->value;
	switch (operation->code) {
	case SCHEMA_MIN_ITEMS:
		return json_object_array_length(value) >= operation->limit;
	case SCHEMA_MAX_ITEMS:
		return json_object_array_length(value) <= operation->limit;
	case SCHEMA_UNIQUE_ITEMS:
		return machine_count(machine, (uint32_t)json_object_array_length(value)) &&
		       schema_all_different(value, machine->arena);
	case SCHEMA_MIN_PROPERTIES:
		return (uint64_t)json_object_object_length(value) >= operation->limit;
	default:
		return (uint64_t)json_object_object_length(value) <= operation->limit;
	}
}

static bool leaf_holds(struct machine *machine, const struct schema_operation *operation, struct subject *subject)
{
	switch (operation->code) {
	case SCHEMA_NEVER:
		return false;
	case SCHEMA_TYPE:
		return of_kind(operation, subject);
	case SCHEMA_TRIM:
		trim(machine, subject);
		return true;
	case SCHEMA_CONST:
		return equals(subject, operation->value);
	case SCHEMA_ENUM:
		return is_one_of(machine, subject, operation->value);
	default:
		break;
	}
	if (operation->code <= SCHEMA_MULTIPLE_OF)
		return number_fits(operation, subject);
	if (operation->code <= SCHEMA_FORMAT)
		return string_fits(machine, operation, subject);
	return container_fits(machine, operation, subject);
}

bool machine_leaves(struct machine *machine, const struct schema *schema, struct json_object *instance, bool quiet,
		    bool *ret_mistyped)
{
	struct subject subject = {.value = instance, .type = json_object_get_type(instance)};
	bool valid = true;
	*ret_mistyped = false;
	if (!machine_count(machine, schema->leaves + 1))
		return false;
	if (subject.type == json_type_string) {
		subject.text = json_object_get_string(instance);
		subject.length = (size_t)json_object_get_string_len(instance);
	}
	for (uint32_t i = 0; i < schema->leaves; i++) {
		const struct schema_operation *operation = &schema->operations[i];
		if ((operation->applies & KIND(subject.type)) == 0 || leaf_holds(machine, operation, &subject))
			continue;
		valid = false;
		machine_report(machine, quiet, operation->rule, operation->expected, NULL);
		*ret_mistyped = operation->code <= SCHEMA_TYPE;
		if (quiet || *ret_mistyped)
			break;
	}
	return valid;
}
