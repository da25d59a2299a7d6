/*
 * Metrics in Prometheus' text format (version 0.0.4).
 *
 * Purpose: counters, gauges and histograms with bounded label sets.
 * Ownership: registered once at start, never freed; handles are valid for the life of the process.
 * Invariants: updates are lock-free atomics, safe from any thread; a family has at most METRICS_MAX_SERIES series,
 * and what comes after that counts under the label value "other". Names begin with eventloop_ (process_ for what every
 * process has, by Prometheus' conventions) and end with their unit, counters with _total.
 */
#ifndef EVENTLOOP_TELEMETRY_METRICS_H
#define EVENTLOOP_TELEMETRY_METRICS_H

#include "base/buffer.h"

#include <stdint.h>

#define METRICS_MAX_SERIES 256 /* of a family, with the one that counts what did not fit */
#define METRICS_MAX_FAMILIES 256
#define METRICS_MAX_LABELS 6
#define METRICS_MAX_VALUE 128 /* bytes of a label value; a longer one counts as "other" */

struct metric_family;
struct metric;

/* Those in seconds are given and kept in microseconds and shown in seconds, Prometheus' base unit of time. */
enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_COUNTER_SECONDS, METRIC_GAUGE_SECONDS };

/* Registers a family, or returns the one of that name. labels: up to METRICS_MAX_LABELS label names separated by
 * commas,
 * "" for none. All texts static. Another kind or other labels under a known name end the process. */
struct metric_family *metric_register(enum metric_kind kind, const char *name, const char *help, const char *labels);

/* The series with these label values, made at first use. values: as many as the family has labels, copied; NULL stands
 * for "". Costs a hash and no lock once the series exists; keep the handle where that matters. */
struct metric *metric_series(struct metric_family *family, const char *const *values);

/* Shorthand for a family without labels. */
struct metric *metric_single(enum metric_kind kind, const char *name, const char *help);

/* Adds to a counter (amount at least 0) or a gauge. */
void metric_add(struct metric *metric, int64_t amount);

/* Sets a gauge; or a counter whose value is counted elsewhere. */
void metric_set(struct metric *metric, int64_t value);

/* Records a duration in microseconds in a histogram (buckets from 100 us to 10 s; shown in seconds). */
void metric_observe(struct metric *metric, int64_t microseconds);

/* The value of a counter or gauge; of a histogram, how many durations were recorded. */
int64_t metric_value(const struct metric *metric);

/* Has collect(argument) run before each rendering, to set gauges whose value is only computed then. For the life of the
 * process; at most 32 of them. */
void metrics_on_render(void (*collect)(void *argument), void *argument);

/* Appends all families as Prometheus text, in the order they were registered. */
void metrics_render(struct buffer *out);

/* The content type of that text. */
#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
