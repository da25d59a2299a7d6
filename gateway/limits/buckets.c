#include "limits/buckets.h"

#include "base/fatal.h"

#include <pthread.h>
#include <sys/mman.h>

#define PLACES 8 /* where a payer can be */

struct entry {
	uint64_t key;		  /* 0: free */
	int64_t full_at[BUCKETS]; /* see bucket.h */
};

static struct {
	pthread_mutex_t lock;
	size_t users;
	size_t mask; /* sets - 1; their number is a power of two */
	struct entry (*sets)[PLACES];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* In small pages: a huge one would be taken whole for the first payer. */
static void *sets_new(size_t sets)
{
	size_t size = sets * sizeof(*table.sets);
	/* cppcheck-suppress invalidFunctionArg ; its table forbids the -1 that anonymous mappings ask for */
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		fatal("out of memory for %zu bytes", size);
	(void)madvise(memory, size, MADV_NOHUGEPAGE);
	return memory;
}

void buckets_open(size_t payers)
{
	(void)pthread_mutex_lock(&table.lock);
	if (table.users++ == 0) {
		size_t sets = 1;
		while (sets * PLACES < payers)
			sets *= 2;
		table.mask = sets - 1;
		table.sets = sets_new(sets);
	}
	(void)pthread_mutex_unlock(&table.lock);
}

void buckets_close(void)
{
	(void)pthread_mutex_lock(&table.lock);
	if (--table.users == 0) {
		(void)munmap(table.sets, (table.mask + 1) * sizeof(*table.sets));
		table.sets = NULL;
	}
	(void)pthread_mutex_unlock(&table.lock);
}

/* When all its buckets will be full. */
static int64_t full_at(const struct entry *entry)
{
	int64_t latest = 0;
	for (size_t i = 0; i < BUCKETS; i++)
		latest = entry->full_at[i] > latest ? entry->full_at[i] : latest;
	return latest;
}

static bool is_kept(struct entry *const *kept, size_t count, const struct entry *entry)
{
	for (size_t i = 0; i < count; i++)
		if (kept[i] == entry)
			return true;
	return false;
}

/* The payer's entry, perhaps in place of another's, which is evicted; entries in `kept` are not. */
static struct entry *find(uint64_t key, struct entry *const *kept, size_t count)
{
	struct entry *set = table.sets[key & table.mask], *leaving = NULL;
	key = key == 0 ? 1 : key;
	for (size_t i = 0; i < PLACES; i++)
		if (set[i].key == key)
			return &set[i];
	for (size_t i = 0; i < PLACES; i++) {
		if (is_kept(kept, count, &set[i]))
			continue;
		if (!leaving || full_at(&set[i]) < full_at(leaving))
			leaving = &set[i];
	}
	*leaving = (struct entry){.key = key};
	return leaving;
}

static int64_t cost_of(const struct charge *charge, enum bucket bucket)
{
	if (bucket == BUCKET_WRITE)
		return charge->writes ? 1 : 0;
	return bucket == charge->bucket ? charge->cost : 0;
}

/* Looks whether the payer has enough of everything; keeps the longest wait. */
static void ask(const struct entry *entry, const struct bucket_rule rules[static BUCKETS], enum payer_kind kind,
		const struct charge *charge, int64_t now, struct bucket_refusal *longest)
{
	for (int bucket = 0; bucket < BUCKETS; bucket++) {
		int64_t cost = cost_of(charge, (enum bucket)bucket);
		int64_t wait = cost > 0 ? bucket_wait(entry->full_at[bucket], &rules[bucket], cost, now) : 0;
		if (wait > longest->wait)
			*longest = (struct bucket_refusal){(enum bucket)bucket, kind, wait};
	}
}

static void take(struct entry *entry, const struct bucket_rule rules[static BUCKETS], const struct charge *charge,
		 int64_t now)
{
	for (int bucket = 0; bucket < BUCKETS; bucket++) {
		int64_t cost = cost_of(charge, (enum bucket)bucket);
		if (cost > 0)
			entry->full_at[bucket] = bucket_take(entry->full_at[bucket], &rules[bucket], cost, now);
	}
}

/* With the lock. Unless forced, nothing is taken when something is missing. */
static void settle(const struct caller *caller, const struct bucket_rules *rules, const struct charge *charge,
		   int64_t now, bool forced, struct bucket_refusal *longest)
{
	struct entry *entries[CALLER_PAYERS];
	for (size_t i = 0; i < caller->count; i++) {
		enum payer_kind kind = caller->payers[i].kind;
		entries[i] = find(caller->payers[i].key, entries, i);
		ask(entries[i], rules->of[kind], kind, charge, now, longest);
	}
	for (size_t i = 0; i < caller->count && (forced || longest->wait == 0); i++)
		take(entries[i], rules->of[caller->payers[i].kind], charge, now);
}

bool buckets_charge(const struct caller *caller, const struct bucket_rules *rules, const struct charge *charge,
		    int64_t now, struct bucket_refusal *ret)
{
	*ret = (struct bucket_refusal){0};
	if (caller->count == 0)
		return true;
	(void)pthread_mutex_lock(&table.lock);
	settle(caller, rules, charge, now, false, ret);
	(void)pthread_mutex_unlock(&table.lock);
	return ret->wait == 0;
}

void buckets_charge_later(const struct caller *caller, const struct bucket_rules *rules, const struct charge *charge,
			  int64_t now)
{
	struct bucket_refusal ignored = {0};
	if (caller->count == 0)
		return;
	(void)pthread_mutex_lock(&table.lock);
	settle(caller, rules, charge, now, true, &ignored);
	(void)pthread_mutex_unlock(&table.lock);
}
