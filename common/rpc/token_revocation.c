#include "rpc/token_revocation.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "base/hash.h"
#include "rpc/token.h"

#include <pthread.h>
#include <stdatomic.h>
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
static struct {
	pthread_mutex_t lock;
	_Atomic uint64_t revision;
	int64_t floor; /* every token issued before is void */
	size_t capacity, count;
	struct revocation *slots; /* NULL while there are none */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The slot that has the subject, or the free one where it belongs. */
static struct revocation *slot_of(char kind, const char *id)
{
	size_t mask = table.capacity - 1, i = hash_bytes(id, strlen(id)) & mask;

	while (table.slots[i].id[0] && (table.slots[i].kind != kind || strcmp(table.slots[i].id, id) != 0))
		i = (i + 1) & mask;
	return &table.slots[i];
}

/* Moves what was revoked at or after `oldest` into fresh slots. */
static void rebuild(size_t capacity, int64_t oldest)
{
	struct revocation *old = table.slots;
	size_t old_capacity = table.capacity;

	table.slots = must_calloc(capacity, sizeof(*table.slots));
	table.capacity = capacity;
	table.count = 0;
	for (size_t i = 0; i < old_capacity; i++) {
		if (!old[i].id[0] || old[i].before < oldest)
			continue;
		*slot_of(old[i].kind, old[i].id) = old[i];
		table.count++;
	}
	free(old);
}

static int64_t oldest_entry(void)
{
	int64_t oldest = INT64_MAX;

	for (size_t i = 0; i < table.capacity; i++) {
		if (table.slots[i].id[0] && table.slots[i].before < oldest)
			oldest = table.slots[i].before;
	}
	return oldest;
}

/* A full table forgets its oldest part and voids every token that could have been named there: its owners refresh. */
static void raise_floor(void)
{
	int64_t oldest = oldest_entry(), now = clock_wall();

	table.floor = oldest + (now > oldest ? (now - oldest) / 8 : 0) + 1;
	rebuild(table.capacity, table.floor);
}

/* Makes room for one more: drops what no token can be older than, then grows, then forgets the oldest. */
static void make_room(void)
{
	if (table.capacity == 0)
		rebuild(SLOTS_FIRST, INT64_MIN);
	if (table.count < table.capacity / 2)
		return;
	rebuild(table.capacity, clock_wall() - KEEP);
	if (table.count < table.capacity / 4)
		return;
	if (table.count < REVOCATIONS_MAX)
		rebuild(table.capacity * 2, INT64_MIN);
	else
		raise_floor();
}

static void add(char kind, const char *id, int64_t before)
{
	struct revocation *slot;

	make_room();
	slot = slot_of(kind, id);
	if (!slot->id[0]) {
		slot->kind = kind;
		slot->before = INT64_MIN;
		memcpy(slot->id, id, strlen(id) + 1);
		table.count++;
	}
	if (slot->before < before)
		slot->before = before;
}

void token_revocation_add(const char *user_id, const char *session, int64_t before)
{
	bool by_session = session && *session;
	const char *id = by_session ? session : user_id;

	if (!id || !*id || strlen(id) >= UUID_SIZE)
		return;
	(void)pthread_mutex_lock(&table.lock);
	add(by_session ? 's' : 'u', id, before);
	atomic_fetch_add(&table.revision, 1);
	(void)pthread_mutex_unlock(&table.lock);
}

static bool is_void(char kind, const char *id, int64_t issued)
{
	const struct revocation *slot = slot_of(kind, id);

	return slot->id[0] && slot->before > issued;
}

bool token_revocation_has(const struct identity *identity, int64_t issued)
{
	bool has;

	(void)pthread_mutex_lock(&table.lock);
	has = issued < table.floor;
	if (!has && table.count > 0)
		has = is_void('u', identity->id, issued) ||
		      (identity->session[0] && is_void('s', identity->session, issued));
	(void)pthread_mutex_unlock(&table.lock);
	return has;
}

uint64_t token_revocation_revision(void)
{
	return atomic_load(&table.revision);
}

size_t token_revocation_count(void)
{
	size_t count;

	(void)pthread_mutex_lock(&table.lock);
	count = table.count;
	(void)pthread_mutex_unlock(&table.lock);
	return count;
}

void token_revocation_clear(void)
{
	(void)pthread_mutex_lock(&table.lock);
	free(table.slots);
	table.slots = NULL;
	table.capacity = table.count = 0;
	table.floor = 0;
	atomic_fetch_add(&table.revision, 1);
	(void)pthread_mutex_unlock(&table.lock);
}
