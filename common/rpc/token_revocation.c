#include "rpc/token_revocation.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "base/hash.h"
#include "rpc/token.h"

#include <stdlib.h>
#include <string.h>

#define KEEP (TOKEN_LIFETIME_MAX + TOKEN_SKEW)
#define SLOTS_FIRST 64 /* a power of 2 */

/* kind keeps a user and a session of one id apart; id "" is a free slot. */
struct revocation {
	char kind;
	char id[UUID_SIZE];
	int64_t before;
};

/* Open addressing, at most half full; rebuilt when it grows and when old entries are dropped. */
struct token_revocations {
	uint64_t revision;
	int64_t floor; /* every token issued before is void */
	size_t capacity, count;
	struct revocation *slots;
};

struct token_revocations *token_revocations_new(void)
{
	struct token_revocations *table = must_calloc(1, sizeof(*table));

	table->capacity = SLOTS_FIRST;
	table->slots = must_calloc(table->capacity, sizeof(*table->slots));
	return table;
}

void token_revocations_free(struct token_revocations *table)
{
	if (!table)
		return;
	free(table->slots);
	free(table);
}

/* The slot that has the subject, or the free one where it belongs. */
static struct revocation *slot_of(const struct token_revocations *table, char kind, const char *id)
{
	size_t mask = table->capacity - 1, i = hash_bytes(id, strlen(id)) & mask;

	while (table->slots[i].id[0] && (table->slots[i].kind != kind || strcmp(table->slots[i].id, id) != 0))
		i = (i + 1) & mask;
	return &table->slots[i];
}

/* Moves what was revoked at or after `oldest` into fresh slots. */
static void rebuild(struct token_revocations *table, size_t capacity, int64_t oldest)
{
	struct revocation *old = table->slots;
	size_t old_capacity = table->capacity;

	table->slots = must_calloc(capacity, sizeof(*table->slots));
	table->capacity = capacity;
	table->count = 0;
	for (size_t i = 0; i < old_capacity; i++) {
		if (!old[i].id[0] || old[i].before < oldest)
			continue;
		*slot_of(table, old[i].kind, old[i].id) = old[i];
		table->count++;
	}
	free(old);
}

static int64_t oldest_of(const struct token_revocations *table)
{
	int64_t oldest = INT64_MAX;

	for (size_t i = 0; i < table->capacity; i++) {
		if (table->slots[i].id[0] && table->slots[i].before < oldest)
			oldest = table->slots[i].before;
	}
	return oldest;
}

/* A full table forgets its oldest part and voids every token that could have been named there: its owners refresh. */
static void raise_floor(struct token_revocations *table)
{
	int64_t oldest = oldest_of(table);

	table->floor = oldest + (clock_wall() - oldest) / 8 + 1;
	rebuild(table, table->capacity, table->floor);
}

/* Makes room for one more: drops what no token can be older than, then grows, then forgets the oldest. */
static void make_room(struct token_revocations *table)
{
	if (table->count < table->capacity / 2)
		return;
	rebuild(table, table->capacity, clock_wall() - KEEP);
	if (table->count < table->capacity / 4)
		return;
	if (table->count < REVOCATIONS_MAX)
		rebuild(table, table->capacity * 2, INT64_MIN);
	else
		raise_floor(table);
}

void token_revocations_add(struct token_revocations *table, const char *user_id, const char *session, int64_t before)
{
	bool by_session = session && *session;
	const char *id = by_session ? session : user_id;
	struct revocation *slot;

	if (!id || !*id || strlen(id) >= UUID_SIZE)
		return;
	make_room(table);
	slot = slot_of(table, by_session ? 's' : 'u', id);
	if (!slot->id[0]) {
		slot->kind = by_session ? 's' : 'u';
		memcpy(slot->id, id, strlen(id) + 1);
		table->count++;
	}
	if (slot->before < before)
		slot->before = before;
	table->revision++;
}

bool token_revocations_has(const struct token_revocations *table, const struct identity *identity, int64_t issued)
{
	if (issued < table->floor)
		return true;
	if (table->count == 0)
		return false;
	return slot_of(table, 'u', identity->id)->before > issued ||
	       (identity->session[0] && slot_of(table, 's', identity->session)->before > issued);
}

uint64_t token_revocations_revision(const struct token_revocations *table)
{
	return table->revision;
}

size_t token_revocations_count(const struct token_revocations *table)
{
	return table->count;
}
