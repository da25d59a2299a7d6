#include "schema/machine.h"

#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 2000 /* longest path in an error */

static void append_token(struct buffer *path, const char *key)
{
	buffer_append_char(path, '/');
	for (; *key != '\0'; key++) {
		if (*key == '~')
			buffer_append(path, "~0", 2);
		else if (*key == '/')
			buffer_append(path, "~1", 2);
		else
			buffer_append_char(path, *key);
	}
}

static void append_place(struct buffer *path, const struct machine_place *place)
{
	if (place->kind == PLACE_MEMBER)
		append_token(path, place->key);
	else if (place->kind == PLACE_ITEM)
		buffer_printf(path, "/%zu", place->index);
}

/* The JSON pointer of the value at hand; that of the first part of it that fits when it is very long. */
static const char *path_of(struct machine *machine, const char *member)
{
	struct buffer path;
	buffer_init_arena(&path, machine->arena, PATH_MAX_BYTES);
	buffer_append_text(&path, machine->prefix);
	for (size_t i = 0; i < machine->depth; i++)
		append_place(&path, &machine->frames[i].place);
	append_place(&path, &machine->tip);
	if (member)
		append_token(&path, member);
	return buffer_text(&path);
}

void machine_report(struct machine *machine, bool quiet, const char *rule, const char *expected, const char *member)
{
	struct schema_result *result = machine->result;
	if (quiet || machine->stopped)
		return;
	result->errors[result->count++] =
	    (struct schema_error){.path = path_of(machine, member), .rule = rule, .expected = expected};
	if (result->count == SCHEMA_ERRORS_MAX)
		machine->stopped = true;
}

void machine_fail(struct machine *machine, struct machine_frame *frame, const char *rule, const char *expected,
		  const char *member)
{
	frame->valid = false;
	machine_report(machine, frame->quiet, rule, expected, member);
}

bool machine_count(struct machine *machine, uint32_t steps)
{
	if (machine->stopped)
		return false;
	if (steps < SCHEMA_STEPS_MAX - machine->steps) {
		machine->steps += steps;
		return true;
	}
	machine_report(machine, false, "complexity", NULL, NULL);
	machine->stopped = true;
	return false;
}

static bool grow(struct machine *machine)
{
	if (machine->depth < machine->capacity)
		return true;
	if (machine->depth >= MACHINE_FRAMES_MAX) {
		machine_report(machine, false, "complexity", NULL, NULL);
		machine->stopped = true;
		return false;
	}
	size_t capacity = machine->capacity * 2;
	struct machine_frame *frames = arena_alloc(machine->arena, capacity * sizeof(*frames));
	memcpy(frames, machine->frames, machine->depth * sizeof(*frames));
	machine->frames = frames;
	machine->capacity = capacity;
	return true;
}

static const struct machine_place here = {.kind = PLACE_SAME};

bool machine_apply(struct machine *machine, const struct schema *schema, struct json_object *instance,
		   struct machine_place place, bool quiet)
{
	bool mistyped;
	if (schema->leaves == schema->count) {
		machine->tip = place;
		machine->outcome = machine_leaves(machine, schema, instance, quiet, &mistyped);
		machine->tip = here;
		return true;
	}
	if (!grow(machine)) {
		machine->outcome = false;
		return true;
	}
	struct machine_frame *frame = &machine->frames[machine->depth++];
	*frame = (struct machine_frame){
	    .schema = schema, .instance = instance, .place = place, .operation = schema->leaves, .quiet = quiet};
	frame->valid = machine_leaves(machine, schema, instance, quiet, &mistyped);
	if (mistyped)
		frame->operation = schema->count;
	return false;
}

/* Takes the innermost frame off. */
static void pop(struct machine *machine)
{
	struct machine_frame *frame = &machine->frames[--machine->depth];
	machine->outcome = frame->valid;
	json_object_put(frame->temporary);
}

/* The next applicator that is about values like the frame's; NULL when there is none. */
static const struct schema_operation *next_applicator(struct machine_frame *frame)
{
	unsigned kind = KIND(json_object_get_type(frame->instance));
	while (frame->operation < frame->schema->count &&
	       (frame->schema->operations[frame->operation].applies & kind) == 0)
		frame->operation++;
	return frame->operation == frame->schema->count ? NULL : &frame->schema->operations[frame->operation];
}

static void run(struct machine *machine)
{
	while (machine->depth > 0 && !machine->stopped) {
		struct machine_frame *frame = &machine->frames[machine->depth - 1];
		const struct schema_operation *operation = next_applicator(frame);
		if (!operation || (frame->quiet && !frame->valid)) {
			pop(machine);
			continue;
		}
		if (machine_applicator(machine, frame, operation) == MACHINE_PUSHED)
			continue;
		frame->operation++;
		frame->started = false;
		frame->step = 0;
		frame->part = 0;
		frame->matched = 0;
		frame->entry = NULL;
	}
	while (machine->depth > 0)
		pop(machine);
}

bool schema_validate(const struct schema *schema, struct json_object *instance, const char *prefix, unsigned flags,
		     struct arena *arena, struct schema_result *ret_result)
{
	/* Not zeroed as a whole: frames are written when they are pushed. */
	struct machine machine;
	machine.arena = arena;
	machine.result = ret_result;
	machine.prefix = prefix;
	machine.matcher = NULL;
	machine.frames = machine.first_frames;
	machine.depth = 0;
	machine.capacity = MACHINE_FRAMES;
	machine.tip = here;
	machine.flags = flags;
	machine.steps = 0;
	machine.stopped = false;
	ret_result->count = 0;
	if (!machine_apply(&machine, schema, instance, here, false))
		run(&machine);
	schema_matcher_free(machine.matcher);
	return machine.outcome && !machine.stopped;
}

void schema_result_write(const struct schema_result *result, struct buffer *buffer)
{
	buffer_append_char(buffer, '[');
	for (size_t i = 0; i < result->count; i++) {
		const struct schema_error *error = &result->errors[i];
		buffer_append_text(buffer, i == 0 ? "{\"path\":" : ",{\"path\":");
		buffer_append_json_string(buffer, error->path);
		buffer_append_text(buffer, ",\"rule\":");
		buffer_append_json_string(buffer, error->rule);
		if (error->expected)
			buffer_printf(buffer, ",\"expected\":%s", error->expected);
		buffer_append_char(buffer, '}');
	}
	buffer_append_char(buffer, ']');
}
