#include "json/names.h"

#include "base/hash.h"

#include <string.h>

/* A name of a large object. An empty slot has no data. */
struct slot {
	const char *data;
	uint64_t hash;
	uint32_t length;
	uint32_t object;
};

struct json_name_table {
	struct slot *slots;
	size_t mask; /* slots less one; a power of two */
	size_t count;
	uint32_t objects; /* ids given so far */
};

#define FIRST_SLOTS 64

static uint32_t load4(const char *bytes)
{
	uint32_t word;
	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Distinguishes most names of one object without reading all of them. */
static uint32_t fingerprint(const char *data, size_t length)
{
	uint32_t mixed = (uint32_t)length;
	if (length >= 4)
		return mixed ^ load4(data) * 31U ^ load4(data + length - 4);
	for (size_t i = 0; i < length; i++)
		mixed = mixed * 257U + (unsigned char)data[i];
	return mixed;
}

static struct slot *find_slot(const struct json_name_table *table, const struct slot *wanted)
{
	size_t at = wanted->hash & table->mask;
	for (;; at = (at + 1) & table->mask) {
		struct slot *slot = &table->slots[at];
		if (!slot->data)
			return slot;
		if (slot->hash == wanted->hash && slot->object == wanted->object && slot->length == wanted->length &&
		    memcmp(slot->data, wanted->data, wanted->length) == 0)
			return slot;
	}
}

static void grow(struct json_name_table *table, struct arena *arena)
{
	struct json_name_table larger = *table;
	size_t slots = (table->mask + 1) * 2;
	larger.mask = slots - 1;
	larger.slots = arena_zalloc(arena, slots * sizeof(*larger.slots));
	for (size_t i = 0; i <= table->mask; i++)
		if (table->slots[i].data)
			*find_slot(&larger, &table->slots[i]) = table->slots[i];
	*table = larger;
}

static struct json_name_table *open_table(struct json_scanner *scanner)
{
	if (!scanner->table) {
		scanner->table = arena_zalloc(scanner->arena, sizeof(*scanner->table));
		scanner->table->mask = FIRST_SLOTS - 1;
		scanner->table->slots = arena_zalloc(scanner->arena, FIRST_SLOTS * sizeof(struct slot));
	}
	return scanner->table;
}

static bool add_large(struct json_scanner *scanner, const struct json_name *name, uint32_t object)
{
	struct json_name_table *table = scanner->table;
	if (table->count * 4 >= table->mask * 3)
		grow(table, scanner->arena);
	struct slot wanted = {.data = name->data,
			      .hash = hash_bytes(name->data, name->length) + object,
			      .length = name->length,
			      .object = object};
	struct slot *slot = find_slot(table, &wanted);
	if (slot->data)
		return false;
	*slot = wanted;
	table->count++;
	return true;
}

/* The innermost object outgrew comparing: its names move into the table. */
static void become_large(struct json_scanner *scanner, struct json_level *level)
{
	struct json_name_table *table = open_table(scanner);
	level->large_id = ++table->objects;
	for (uint32_t i = level->first_name; i < scanner->name_count; i++)
		(void)add_large(scanner, &scanner->names[i], level->large_id);
	scanner->name_count = level->first_name;
}

static bool known(const struct json_scanner *scanner, const struct json_level *level, const struct json_name *name)
{
	for (uint32_t i = level->first_name; i < scanner->name_count; i++) {
		const struct json_name *other = &scanner->names[i];
		if (other->fingerprint == name->fingerprint && other->length == name->length &&
		    memcmp(other->data, name->data, name->length) == 0)
			return true;
	}
	return false;
}

static void push(struct json_scanner *scanner, const struct json_name *name)
{
	if (scanner->name_count == scanner->name_capacity) {
		size_t capacity = (size_t)scanner->name_capacity * 2;
		struct json_name *names = arena_alloc(scanner->arena, capacity * sizeof(*names));
		memcpy(names, scanner->names, scanner->name_count * sizeof(*names));
		scanner->names = names;
		scanner->name_capacity = (uint32_t)capacity;
	}
	scanner->names[scanner->name_count++] = *name;
}

bool json_names_add(struct json_scanner *scanner, struct json_span raw, bool escaped)
{
	struct json_level *level = &scanner->levels[scanner->depth];
	if (escaped) {
		char *plain = arena_alloc(scanner->arena, raw.length);
		raw = (struct json_span){plain, json_unescape(raw, plain)};
	}
	struct json_name name = {
	    .data = raw.data, .length = (uint32_t)raw.length, .fingerprint = fingerprint(raw.data, raw.length)};
	if (level->large_id == 0 && scanner->name_count - level->first_name == JSON_NAMES_SMALL)
		become_large(scanner, level);
	if (level->large_id != 0)
		return add_large(scanner, &name, level->large_id);
	if (known(scanner, level, &name))
		return false;
	push(scanner, &name);
	return true;
}
