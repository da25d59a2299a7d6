/*
 * Metrics in Prometheus' text format (version 0.0.4).
 *
 * Purpose: counters, gauges and histograms with bounded label sets.
 * Ownership: registered once at start, never freed; handles are valid for the life of the process.
 * Invariants: updates are lock-free atomics, safe from any thread; a family has at most METRICS_MAX_SERIES series,
 * and what comes after that counts under the label value "other".
 */
#ifndef EVENTLOOP_BASE_METRICS_H
#define EVENTLOOP_BASE_METRICS_H

#include "base/buffer.h"

#include <stdint.h>

#define METRICS_MAX_SERIES 256

struct metric_family;
struct metric;

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* Registers a family (or returns the one of that name). labels: comma-separated label names, "" for none. All static.
 */
struct metric_family *metric_register(enum metric_kind kind, const char *name, const char *help, const char *labels);

/* The series with these label values, made at first use. values: as many as the family has labels, copied. */
struct metric *metric_series(struct metric_family *family, const char *const *values);

/* Shorthand for a family without labels. */
struct metric *metric_single(enum metric_kind kind, const char *name, const char *help);

void metric_add(struct metric *metric, int64_t amount);
void metric_set(struct metric *metric, int64_t value);

/* Records a duration in microseconds in a histogram (buckets from 100 us to 10 s; shown in seconds). */
void metric_observe(struct metric *metric, int64_t microseconds);

int64_t metric_value(const struct metric *metric);

/* Appends all families as Prometheus text. */
void metrics_render(struct buffer *out);

#endif
