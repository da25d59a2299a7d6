#include "schema/machine.h"

#include <string.h>

static struct machine_place member(const char *key)
{
	return (struct machine_place){.kind = PLACE_MEMBER, .key = key};
}

static const char *key_of(struct lh_entry *entry)
{
	return (const char *)lh_entry_k(entry);
}

static struct json_object *value_of(struct lh_entry *entry)
{
	return (struct json_object *)lh_entry_v(entry);
}

static struct lh_entry *first_member(struct json_object *object)
{
	return json_object_get_object(object)->head;
}

static const struct schema_member *find(const struct schema_members *members, const char *key)
{
	size_t length = strlen(key);
	uint32_t at = schema_name_hash(key, length) & members->mask;
	for (; members->table[at].name; at = (at + 1) & members->mask) {
		const struct schema_member *found = &members->table[at];
		if (found->length == length && memcmp(found->name, key, length) == 0)
			return found;
	}
	return NULL;
}

/* While members are walked, frame->part counts what the member at hand was compared with: its name, then each pattern,
 * then the additional ones. frame->matched holds REQUIRED_ONE for each required member met, and KNOWN while the member
 * at hand is one that properties or patternProperties name. */
#define PART_NAME 0U
#define REQUIRED_ONE 2U
#define KNOWN 1U

/* What is asked of a member next. */
struct asked {
	const struct schema *schema; /* NULL: nothing more */
	bool refused;		     /* it is an additional one, which are not allowed */
};

static const struct schema *by_name(struct machine_frame *frame, const struct schema_members *members)
{
	const struct schema_member *found = find(members, key_of(frame->entry));
	frame->matched &= ~KNOWN;
	if (!found)
		return NULL;
	if (found->required)
		frame->matched += REQUIRED_ONE;
	if (found->schema)
		frame->matched |= KNOWN;
	return found->schema;
}

static const struct schema *by_pattern(struct machine *machine, struct machine_frame *frame,
				       const struct schema_pattern_member *pattern)
{
	const char *key = key_of(frame->entry);
	size_t length = strlen(key);
	if (!machine_matches(machine, pattern->pattern, key, length))
		return NULL;
	frame->matched |= KNOWN;
	return pattern->schema;
}

static struct asked next_asked(struct machine *machine, struct machine_frame *frame,
			       const struct schema_members *members)
{
	struct asked asked = {.schema = NULL};
	while (!asked.schema && frame->part <= members->pattern_count) {
		uint32_t part = frame->part++;
		asked.schema = part == PART_NAME ? by_name(frame, members)
						 : by_pattern(machine, frame, &members->patterns[part - 1]);
	}
	if (!asked.schema && frame->part == members->pattern_count + 1) {
		frame->part++;
		if ((frame->matched & KNOWN) == 0) {
			asked.schema = members->additional;
			asked.refused = members->closed;
		}
	}
	return asked;
}

static void report_missing(struct machine *machine, struct machine_frame *frame, const struct schema_members *members)
{
	for (uint32_t i = 0; i <= members->mask; i++) {
		const struct schema_member *wanted = &members->table[i];
		struct json_object *value;
		if (wanted->name && wanted->required &&
		    !json_object_object_get_ex(frame->instance, wanted->name, &value))
			machine_fail(machine, frame, "required", "true", wanted->name);
	}
}

/* Applies what is asked of the frame's member. True when all of it is done. */
static bool check_member(struct machine *machine, struct machine_frame *frame, const struct schema_members *members)
{
	for (;;) {
		if (frame->started && !machine->outcome)
			frame->valid = false;
		frame->started = false;
		struct asked asked = next_asked(machine, frame, members);
		if (asked.refused)
			machine_fail(machine, frame, "additionalProperties", "false", key_of(frame->entry));
		if (!asked.schema)
			return true;
		frame->started = true;
		if (!machine_apply(machine, asked.schema, value_of(frame->entry), member(key_of(frame->entry)),
				   frame->quiet))
			return false;
	}
}

enum machine_progress machine_members(struct machine *machine, struct machine_frame *frame,
				      const struct schema_operation *operation)
{
	const struct schema_members *members = operation->members;
	if (frame->step == 0) {
		frame->step = 1;
		frame->entry = first_member(frame->instance);
	}
	for (; frame->entry; frame->entry = lh_entry_next(frame->entry), frame->part = 0) {
		if (!check_member(machine, frame, members))
			return MACHINE_PUSHED;
		if ((frame->quiet && !frame->valid) || !machine_count(machine, 1))
			return MACHINE_DONE;
	}
	if (frame->matched / REQUIRED_ONE < members->required)
		report_missing(machine, frame, members);
	return MACHINE_DONE;
}

/* Takes the outcome for the frame's name. */
static void judge_name(struct machine *machine, struct machine_frame *frame, const struct schema_operation *operation)
{
	json_object_put(frame->temporary);
	frame->temporary = NULL;
	frame->started = false;
	if (!machine->outcome)
		machine_fail(machine, frame, operation->rule, operation->expected, key_of(frame->entry));
	frame->entry = lh_entry_next(frame->entry);
}

enum machine_progress machine_property_names(struct machine *machine, struct machine_frame *frame,
					     const struct schema_operation *operation)
{
	if (frame->step == 0) {
		frame->step = 1;
		frame->entry = first_member(frame->instance);
	}
	if (frame->started)
		judge_name(machine, frame, operation);
	while (frame->entry && !machine->stopped) {
		frame->started = true;
		frame->temporary = json_object_new_string(key_of(frame->entry));
		if (!machine_apply(machine, operation->schema, frame->temporary, member(key_of(frame->entry)), true))
			return MACHINE_PUSHED;
		judge_name(machine, frame, operation);
	}
	return MACHINE_DONE;
}

static void check_names(struct machine *machine, struct machine_frame *frame, const struct schema_operation *operation,
			const struct schema_dependency *dependency)
{
	struct json_object *value;
	for (uint32_t i = 0; i < dependency->count; i++)
		if (!json_object_object_get_ex(frame->instance, dependency->names[i], &value))
			machine_fail(machine, frame, operation->rule, NULL, dependency->names[i]);
}

enum machine_progress machine_dependencies(struct machine *machine, struct machine_frame *frame,
					   const struct schema_operation *operation)
{
	const struct schema_dependencies *all = operation->dependencies;
	struct json_object *value;
	for (;;) {
		if (frame->started && !machine->outcome)
			frame->valid = false;
		frame->started = false;
		if (frame->step == all->count || machine->stopped)
			return MACHINE_DONE;
		const struct schema_dependency *dependency = &all->items[frame->step++];
		if (!json_object_object_get_ex(frame->instance, dependency->name, &value))
			continue;
		check_names(machine, frame, operation, dependency);
		if (!dependency->schema)
			continue;
		frame->started = true;
		if (!machine_apply(machine, dependency->schema, frame->instance,
				   (struct machine_place){.kind = PLACE_SAME}, frame->quiet))
			return MACHINE_PUSHED;
	}
}
