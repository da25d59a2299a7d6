#include "telemetry/metrics_internal.h"

#include "base/clock.h"

#include <string.h>

/* Prometheus' escapes: backslash and line feed everywhere, the quote in label values. */
static void append_escaped(struct buffer *out, const char *text, bool in_quotes)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buffer_append_text(out, "\\n");
		else if (*text == '\\' || (*text == '"' && in_quotes)) {
			buffer_append_char(out, '\\');
			buffer_append_char(out, *text);
		} else
			buffer_append_char(out, *text);
	}
}

/* Seconds in decimal without trailing zeros, so that the bound of a bucket reads "0.0025". */
static void append_seconds(struct buffer *out, int64_t microseconds)
{
	int64_t rest = microseconds % CLOCK_SECOND;
	if (rest < 0)
		rest = -rest;
	char fraction[7];
	for (int i = 5; i >= 0; i--, rest /= 10)
		fraction[i] = (char)('0' + rest % 10);
	size_t length = 6;
	while (length > 0 && fraction[length - 1] == '0')
		length--;
	if (microseconds < 0 && microseconds > -CLOCK_SECOND)
		buffer_append_char(out, '-');
	buffer_append_integer(out, microseconds / CLOCK_SECOND);
	if (length > 0)
		buffer_append_char(out, '.');
	buffer_append(out, fraction, length);
}

/* name="value",... with le last when bound is not NULL; nothing at all without labels. */
static void append_labels(struct buffer *out, const struct metric *metric, const char *bound)
{
	const struct metric_family *family = metric->family;
	const char *value = metric->values;
	if (family->label_count == 0 && !bound)
		return;
	buffer_append_char(out, '{');
	for (int i = 0; i < family->label_count; i++) {
		if (i > 0)
			buffer_append_char(out, ',');
		buffer_append_text(out, family->label_names[i]);
		buffer_append_text(out, "=\"");
		append_escaped(out, value, true);
		buffer_append_char(out, '"');
		value += strlen(value) + 1;
	}
	if (bound) {
		buffer_append_text(out, family->label_count > 0 ? ",le=\"" : "le=\"");
		buffer_append_text(out, bound);
		buffer_append_char(out, '"');
	}
	buffer_append_char(out, '}');
}

static void append_name(struct buffer *out, const struct metric *metric, const char *suffix, const char *bound)
{
	buffer_append_text(out, metric->family->name);
	buffer_append_text(out, suffix);
	append_labels(out, metric, bound);
	buffer_append_char(out, ' ');
}

static void append_count(struct buffer *out, int64_t count)
{
	buffer_append_integer(out, count);
	buffer_append_char(out, '\n');
}

/* The count shown is the sum of the buckets read, so that one rendering agrees with itself. */
static void render_histogram(struct buffer *out, const struct metric *metric)
{
	int64_t count = 0;
	for (int i = 0; i <= METRICS_BUCKETS; i++) {
		count += atomic_load_explicit(&metric->counts[i], memory_order_relaxed);
		struct buffer bound;
		buffer_init(&bound, 32);
		if (i < METRICS_BUCKETS)
			append_seconds(&bound, metrics_bounds[i]);
		else
			buffer_append_text(&bound, "+Inf");
		append_name(out, metric, "_bucket", buffer_text(&bound));
		append_count(out, count);
		buffer_done(&bound);
	}
	append_name(out, metric, "_sum", NULL);
	append_seconds(out, atomic_load_explicit(&metric->number, memory_order_relaxed));
	buffer_append_char(out, '\n');
	append_name(out, metric, "_count", NULL);
	append_count(out, count);
}

static void render_family(struct buffer *out, const struct metric_family *family)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram", "counter", "gauge"};
	buffer_printf(out, "# HELP %s ", family->name);
	append_escaped(out, family->help, false);
	buffer_printf(out, "\n# TYPE %s %s\n", family->name, kinds[family->kind]);
	int count = atomic_load_explicit(&family->series_count, memory_order_acquire);
	for (int i = 0; i < count; i++) {
		const struct metric *metric = atomic_load_explicit(&family->series[i], memory_order_acquire);
		if (family->kind == METRIC_HISTOGRAM) {
			render_histogram(out, metric);
			continue;
		}
		append_name(out, metric, "", NULL);
		if (family->kind == METRIC_COUNTER_SECONDS || family->kind == METRIC_GAUGE_SECONDS)
			append_seconds(out, metric_value(metric));
		else
			buffer_append_integer(out, metric_value(metric));
		buffer_append_char(out, '\n');
	}
}

void metrics_render(struct buffer *out)
{
	metrics_collect();
	const struct metric_family *family;
	for (int i = 0; (family = metrics_family(i)); i++)
		render_family(out, family);
}
