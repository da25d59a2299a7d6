/* What telemetry/metrics.h keeps, shared by the registry (metrics.c) and the renderer (metrics_render.c). */
#ifndef EVENTLOOP_TELEMETRY_METRICS_INTERNAL_H
#define EVENTLOOP_TELEMETRY_METRICS_INTERNAL_H

#include "telemetry/metrics.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_BUCKETS 16			       /* with a bound; one more takes what is above */
#define METRICS_SLOTS ((size_t)2 * METRICS_MAX_SERIES) /* a power of two, so that a lookup ends at an empty slot */

/* Upper bounds of the buckets in microseconds. */
extern const int64_t metrics_bounds[METRICS_BUCKETS];

struct metric {
	struct metric_family *family;
	uint64_t hash;
	char *values;		  /* as many NUL-terminated texts as the family has labels, one after the other */
	_Atomic int64_t number;	  /* counter or gauge; of a histogram the sum in microseconds */
	_Atomic int64_t counts[]; /* METRICS_BUCKETS + 1 of them for a histogram */
};

struct metric_family {
	enum metric_kind kind;
	const char *name;
	const char *help;
	const char *labels;
	char label_names[METRICS_MAX_LABELS][48];
	int label_count;
	_Atomic(struct metric *) slots[METRICS_SLOTS];	     /* by hash; written under the lock, read without */
	_Atomic(struct metric *) series[METRICS_MAX_SERIES]; /* in the order they were made */
	atomic_int series_count;
};

/* The index-th family in the order of registration, NULL past the last. */
struct metric_family *metrics_family(int index);

/* Runs what metrics_on_render was given. */
void metrics_collect(void);

#endif
