#include "schema/machine.h"

static struct machine_place item(size_t index)
{
	return (struct machine_place){.kind = PLACE_ITEM, .index = index};
}

static const struct machine_place here = {.kind = PLACE_SAME};

/* True when a child that was applied before the call (or before this round) failed. */
static bool child_failed(const struct machine *machine, const struct machine_frame *frame)
{
	return frame->started && !machine->outcome;
}

/* Applies one more schema; what it was is in frame->step, counted up. */
static bool apply_next(struct machine *machine, struct machine_frame *frame, const struct schema *schema,
		       struct json_object *instance, struct machine_place place, bool quiet)
{
	frame->started = true;
	frame->step++;
	return machine_apply(machine, schema, instance, place, quiet || frame->quiet);
}

static enum machine_progress all_of(struct machine *machine, struct machine_frame *frame,
				    const struct schema_operation *operation)
{
	for (;;) {
		if (child_failed(machine, frame))
			frame->valid = false;
		if (frame->step == operation->list->count || machine->stopped)
			return MACHINE_DONE;
		const struct schema *schema = operation->list->schemas[frame->step];
		if (!apply_next(machine, frame, schema, frame->instance, here, false))
			return MACHINE_PUSHED;
	}
}

static enum machine_progress any_of(struct machine *machine, struct machine_frame *frame,
				    const struct schema_operation *operation)
{
	for (;;) {
		if (frame->started && machine->outcome)
			return MACHINE_DONE;
		if (frame->step == operation->list->count || machine->stopped)
			break;
		const struct schema *schema = operation->list->schemas[frame->step];
		if (!apply_next(machine, frame, schema, frame->instance, here, true))
			return MACHINE_PUSHED;
	}
	machine_fail(machine, frame, operation->rule, operation->expected, NULL);
	return MACHINE_DONE;
}

static enum machine_progress one_of(struct machine *machine, struct machine_frame *frame,
				    const struct schema_operation *operation)
{
	for (;;) {
		if (frame->started && machine->outcome)
			frame->matched++;
		if (frame->matched > 1 || frame->step == operation->list->count || machine->stopped)
			break;
		const struct schema *schema = operation->list->schemas[frame->step];
		if (!apply_next(machine, frame, schema, frame->instance, here, true))
			return MACHINE_PUSHED;
	}
	if (frame->matched != 1)
		machine_fail(machine, frame, operation->rule, operation->expected, NULL);
	return MACHINE_DONE;
}

static enum machine_progress none_of(struct machine *machine, struct machine_frame *frame,
				     const struct schema_operation *operation)
{
	if (!frame->started && !apply_next(machine, frame, operation->schema, frame->instance, here, true))
		return MACHINE_PUSHED;
	if (machine->outcome)
		machine_fail(machine, frame, operation->rule, operation->expected, NULL);
	return MACHINE_DONE;
}

static enum machine_progress condition(struct machine *machine, struct machine_frame *frame,
				       const struct schema_operation *operation)
{
	if (frame->step == 0 && !apply_next(machine, frame, operation->condition->test, frame->instance, here, true))
		return MACHINE_PUSHED;
	if (frame->step == 1) {
		const struct schema *chosen =
		    machine->outcome ? operation->condition->then : operation->condition->otherwise;
		if (!chosen || machine->stopped)
			return MACHINE_DONE;
		if (!apply_next(machine, frame, chosen, frame->instance, here, false))
			return MACHINE_PUSHED;
	}
	if (!machine->outcome)
		frame->valid = false;
	return MACHINE_DONE;
}

/* The schema of an item; NULL when anything goes. */
static const struct schema *item_schema(const struct schema_items *items, size_t index)
{
	return index < items->list.count ? items->list.schemas[index] : items->every;
}

static enum machine_progress all_items(struct machine *machine, struct machine_frame *frame,
				       const struct schema_operation *operation)
{
	const struct schema_items *items = operation->items;
	size_t count = json_object_array_length(frame->instance);
	for (;;) {
		if (child_failed(machine, frame))
			frame->valid = false;
		bool listed = frame->step < items->list.count;
		if (frame->step >= count || (frame->quiet && !frame->valid) || machine->stopped)
			return MACHINE_DONE;
		if (!listed && items->closed) {
			machine->tip = item(frame->step);
			machine_fail(machine, frame, "additionalItems", "false", NULL);
			machine->tip = here;
			return MACHINE_DONE;
		}
		const struct schema *schema = item_schema(items, frame->step);
		if (!schema)
			return MACHINE_DONE;
		struct json_object *value = json_object_array_get_idx(frame->instance, frame->step);
		if (!apply_next(machine, frame, schema, value, item(frame->step), false))
			return MACHINE_PUSHED;
	}
}

static enum machine_progress contains(struct machine *machine, struct machine_frame *frame,
				      const struct schema_operation *operation)
{
	size_t count = json_object_array_length(frame->instance);
	for (;;) {
		if (frame->started && machine->outcome)
			return MACHINE_DONE;
		if (frame->step == count || machine->stopped)
			break;
		struct json_object *value = json_object_array_get_idx(frame->instance, frame->step);
		if (!apply_next(machine, frame, operation->schema, value, item(frame->step), true))
			return MACHINE_PUSHED;
	}
	machine_fail(machine, frame, operation->rule, operation->expected, NULL);
	return MACHINE_DONE;
}

enum machine_progress machine_applicator(struct machine *machine, struct machine_frame *frame,
					 const struct schema_operation *operation)
{
	switch (operation->code) {
	case SCHEMA_MEMBERS:
		return machine_members(machine, frame, operation);
	case SCHEMA_ITEMS:
		return all_items(machine, frame, operation);
	case SCHEMA_CONTAINS:
		return contains(machine, frame, operation);
	case SCHEMA_PROPERTY_NAMES:
		return machine_property_names(machine, frame, operation);
	case SCHEMA_DEPENDENCIES:
		return machine_dependencies(machine, frame, operation);
	case SCHEMA_ALL_OF:
		return all_of(machine, frame, operation);
	case SCHEMA_ANY_OF:
		return any_of(machine, frame, operation);
	case SCHEMA_ONE_OF:
		return one_of(machine, frame, operation);
	case SCHEMA_NOT:
		return none_of(machine, frame, operation);
	default:
		return condition(machine, frame, operation);
	}
}
