#include "token/revocation.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "base/hash.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 64 /* a power of 2 */

enum revocation_kind { REVOKED_SESSION, REVOKED_SUBJECT };

/* The kind keeps a subject and a session of one id apart; id "" is a free slot. */
struct revocation {
	enum revocation_kind kind;
	char id[UUID_SIZE];
	int64_t epoch; /* of a subject */
	int64_t at;    /* wall microseconds */
};

/* Open addressing, at most half full; rebuilt when it grows and when old entries are dropped. */
static struct {
	pthread_mutex_t lock;
	_Atomic uint64_t revision;
	int64_t floor; /* every token issued before is void */
	size_t capacity, count;
	struct revocation *slots; /* NULL while there are none */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Atomic int64_t heard; /* monotonic; 0: not asked yet */

/* The slot that has the subject, or the free one where it belongs. */
static struct revocation *slot_of(enum revocation_kind kind, const char *id)
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
		if (!old[i].id[0] || old[i].at < oldest)
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
		if (table.slots[i].id[0] && table.slots[i].at < oldest)
			oldest = table.slots[i].at;
	}
	return oldest;
}

/* A full table forgets its oldest part and voids every token that could have been named there: its owners refresh. */
static void forget_oldest(void)
{
	int64_t oldest = oldest_entry(), now = clock_wall();
	int64_t cut = oldest + (now > oldest ? (now - oldest) / 8 : 0) + 1;
	table.floor = cut + TOKEN_REVOCATION_SLACK;
	rebuild(table.capacity, cut);
}

/* Makes room for one more: drops entries that can void no unexpired token, then grows, then drops the oldest. */
static void make_room(void)
{
	if (table.capacity == 0)
		rebuild(SLOTS_FIRST, INT64_MIN);
	if (table.count < table.capacity / 2)
		return;
	rebuild(table.capacity, clock_wall() - TOKEN_REVOCATION_KEEP);
	if (table.count < table.capacity / 4)
		return;
	if (table.count < REVOCATIONS_MAX)
		rebuild(table.capacity * 2, INT64_MIN);
	else
		forget_oldest();
}

static void add(enum revocation_kind kind, const char *id, int64_t epoch, int64_t at)
{
	make_room();
	struct revocation *slot = slot_of(kind, id);
	if (!slot->id[0]) {
		*slot = (struct revocation){.kind = kind, .epoch = epoch, .at = at};
		memcpy(slot->id, id, strlen(id) + 1);
		table.count++;
	}
	if (slot->epoch < epoch)
		slot->epoch = epoch;
	if (slot->at < at)
		slot->at = at;
}

static void add_locked(enum revocation_kind kind, const char *id, int64_t epoch, int64_t at)
{
	if (!*id || strlen(id) >= UUID_SIZE)
		return;
	(void)pthread_mutex_lock(&table.lock);
	add(kind, id, epoch, at);
	atomic_fetch_add(&table.revision, 1);
	(void)pthread_mutex_unlock(&table.lock);
}

void token_revocation_add_session(const char *session, int64_t at)
{
	add_locked(REVOKED_SESSION, session, 0, at);
}

void token_revocation_add_subject(const char *subject, int64_t epoch, int64_t at)
{
	add_locked(REVOKED_SUBJECT, subject, epoch, at);
}

/* The table has entries. */
static bool is_named(const struct identity *identity)
{
	const struct revocation *subject = slot_of(REVOKED_SUBJECT, identity->id);
	if (subject->id[0] && identity->epoch < subject->epoch)
		return true;
	return identity->session[0] && slot_of(REVOKED_SESSION, identity->session)->id[0];
}

bool token_revocation_has(const struct identity *identity)
{
	(void)pthread_mutex_lock(&table.lock);
	bool has = identity->issued < table.floor || (table.count > 0 && is_named(identity));
	(void)pthread_mutex_unlock(&table.lock);
	return has;
}

uint64_t token_revocation_revision(void)
{
	return atomic_load(&table.revision);
}

size_t token_revocation_count(void)
{
	(void)pthread_mutex_lock(&table.lock);
	size_t count;
	count = table.count;
	(void)pthread_mutex_unlock(&table.lock);
	return count;
}

void token_revocation_heard(void)
{
	atomic_store(&heard, clock_monotonic());
}

int64_t token_revocation_age(void)
{
	int64_t now = clock_monotonic(), last = 0;
	/* Never heard of any: the age grows from the first question on. */
	if (atomic_compare_exchange_strong(&heard, &last, now))
		return 0;
	return now - last;
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
