#include "telemetry/metrics.h"

#include "base/fatal.h"
#include "telemetry/metrics_internal.h"

#include <pthread.h>
#include <string.h>

#define OTHER "other"

enum { COLLECTORS = 32 };

struct collector {
	void (*collect)(void *argument);
	void *argument;
};

/* The lock is for what is registered and made; counting and finding go without. */
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct metric_family *) families[METRICS_MAX_FAMILIES];
static atomic_int family_count;
static struct collector collectors[COLLECTORS];
static atomic_int collector_count;

const int64_t metrics_bounds[METRICS_BUCKETS] = {100,	250,	500,	1000,	2500,	 5000,	  10000,   25000,
						 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000};

struct metric_family *metrics_family(int index)
{
	return index < atomic_load(&family_count) ? atomic_load(&families[index]) : NULL;
}

static void split_labels(struct metric_family *family)
{
	for (const char *name = family->labels; *name != '\0';) {
		size_t length = strcspn(name, ",");
		if (family->label_count == METRICS_MAX_LABELS || length == 0 ||
		    length >= sizeof(family->label_names[0]))
			fatal("metric %s: labels \"%s\"", family->name, family->labels);
		memcpy(family->label_names[family->label_count++], name, length);
		name += length + (name[length] == ',' ? 1 : 0);
	}
}

static struct metric_family *find_family(const char *name)
{
	struct metric_family *family;
	for (int i = 0; (family = metrics_family(i)); i++) {
		if (strcmp(family->name, name) == 0)
			return family;
	}
	return NULL;
}

static struct metric_family *make_family(enum metric_kind kind, const char *name, const char *help, const char *labels)
{
	int count = atomic_load(&family_count);
	if (count == METRICS_MAX_FAMILIES)
		fatal("metric %s: there are %d families already", name, count);
	struct metric_family *family = must_calloc(1, sizeof(*family));
	family->kind = kind;
	family->name = name;
	family->help = help;
	family->labels = labels;
	split_labels(family);
	atomic_store(&families[count], family);
	atomic_store(&family_count, count + 1);
	return family;
}

struct metric_family *metric_register(enum metric_kind kind, const char *name, const char *help, const char *labels)
{
	(void)pthread_mutex_lock(&registry_lock);
	struct metric_family *family = find_family(name);
	if (!family)
		family = make_family(kind, name, help, labels);
	(void)pthread_mutex_unlock(&registry_lock);
	if (family->kind != kind || strcmp(family->labels, labels) != 0)
		fatal("metric %s is registered with another kind or other labels", name);
	return family;
}

/* FNV-1a over the values and their ends. A family is small and bounded, so nobody gains by collisions. */
static uint64_t hash_values(const char *const *values, int count)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (int i = 0; i < count; i++) {
		const char *character = values[i];
		do {
			hash = (hash ^ (unsigned char)*character) * UINT64_C(0x100000001b3);
		} while (*character++ != '\0');
	}
	return hash ^ hash >> 32;
}

static bool has_values(const struct metric *metric, const char *const *values, int count)
{
	const char *own = metric->values;
	for (int i = 0; i < count; i++) {
		size_t size = strlen(own) + 1;
		if (strcmp(own, values[i]) != 0)
			return false;
		own += size;
	}
	return true;
}

/* The slot of the series with these values, or the empty one where it belongs. */
static _Atomic(struct metric *) *find_slot(struct metric_family *family, uint64_t hash, const char *const *values)
{
	for (size_t i = hash;; i++) {
		_Atomic(struct metric *) *slot = &family->slots[i & (METRICS_SLOTS - 1)];
		const struct metric *metric = atomic_load_explicit(slot, memory_order_acquire);
		if (!metric || (metric->hash == hash && has_values(metric, values, family->label_count)))
			return slot;
	}
}

static char *copy_values(const char *const *values, int count)
{
	size_t size = 0;
	for (int i = 0; i < count; i++)
		size += strlen(values[i]) + 1;
	char *copy = must_malloc(size);
	char *place = copy;
	for (int i = 0; i < count; i++) {
		size_t value_size = strlen(values[i]) + 1;
		memcpy(place, values[i], value_size);
		place += value_size;
	}
	return copy;
}

static struct metric *make_series(struct metric_family *family, uint64_t hash, const char *const *values)
{
	size_t counts = family->kind == METRIC_HISTOGRAM ? METRICS_BUCKETS + 1 : 0;
	struct metric *metric = must_calloc(1, sizeof(*metric) + counts * sizeof(metric->counts[0]));
	metric->family = family;
	metric->hash = hash;
	metric->values = copy_values(values, family->label_count);
	return metric;
}

/* Under the lock: finds or makes the series; NULL when the family has no room for one more. */
static struct metric *find_or_make(struct metric_family *family, uint64_t hash, const char *const *values, int room)
{
	_Atomic(struct metric *) *slot = find_slot(family, hash, values);
	struct metric *metric = atomic_load(slot);
	int count = atomic_load(&family->series_count);
	if (metric || count >= room)
		return metric;
	metric = make_series(family, hash, values);
	atomic_store(&family->series[count], metric);
	atomic_store(&family->series_count, count + 1);
	atomic_store_explicit(slot, metric, memory_order_release);
	return metric;
}

static struct metric *add_series(struct metric_family *family, uint64_t hash, const char *const *values)
{
	(void)pthread_mutex_lock(&registry_lock);
	struct metric *metric = find_or_make(family, hash, values, METRICS_MAX_SERIES - 1);
	if (!metric) {
		const char *others[METRICS_MAX_LABELS];
		for (int i = 0; i < METRICS_MAX_LABELS; i++)
			others[i] = OTHER;
		uint64_t other_hash = hash_values(others, family->label_count);
		metric = find_or_make(family, other_hash, others, METRICS_MAX_SERIES);
	}
	(void)pthread_mutex_unlock(&registry_lock);
	return metric;
}

struct metric *metric_series(struct metric_family *family, const char *const *values)
{
	const char *bounded[METRICS_MAX_LABELS];
	for (int i = 0; i < METRICS_MAX_LABELS; i++) {
		const char *value = values && i < family->label_count && values[i] ? values[i] : "";
		bounded[i] = strnlen(value, METRICS_MAX_VALUE + 1) <= METRICS_MAX_VALUE ? value : OTHER;
	}
	uint64_t hash = hash_values(bounded, family->label_count);
	struct metric *metric = atomic_load_explicit(find_slot(family, hash, bounded), memory_order_acquire);
	return metric ? metric : add_series(family, hash, bounded);
}

struct metric *metric_single(enum metric_kind kind, const char *name, const char *help)
{
	return metric_series(metric_register(kind, name, help, ""), NULL);
}

void metric_add(struct metric *metric, int64_t amount)
{
	atomic_fetch_add_explicit(&metric->number, amount, memory_order_relaxed);
}

void metric_set(struct metric *metric, int64_t value)
{
	atomic_store_explicit(&metric->number, value, memory_order_relaxed);
}

void metric_observe(struct metric *metric, int64_t microseconds)
{
	if (metric->family->kind != METRIC_HISTOGRAM)
		fatal("metric %s is no histogram", metric->family->name);
	int bucket = 0;
	while (bucket < METRICS_BUCKETS && microseconds > metrics_bounds[bucket])
		bucket++;
	atomic_fetch_add_explicit(&metric->counts[bucket], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&metric->number, microseconds, memory_order_relaxed);
}

int64_t metric_value(const struct metric *metric)
{
	if (metric->family->kind != METRIC_HISTOGRAM)
		return atomic_load_explicit(&metric->number, memory_order_relaxed);
	int64_t count = 0;
	for (int i = 0; i <= METRICS_BUCKETS; i++)
		count += atomic_load_explicit(&metric->counts[i], memory_order_relaxed);
	return count;
}

void metrics_on_render(void (*collect)(void *argument), void *argument)
{
	(void)pthread_mutex_lock(&registry_lock);
	int count = atomic_load(&collector_count);
	if (count == COLLECTORS)
		fatal("more than %d collectors of metrics", COLLECTORS);
	collectors[count] = (struct collector){collect, argument};
	atomic_store(&collector_count, count + 1);
	(void)pthread_mutex_unlock(&registry_lock);
}

void metrics_collect(void)
{
	int count = atomic_load(&collector_count);
	for (int i = 0; i < count; i++)
		collectors[i].collect(collectors[i].argument);
}
