#include "telemetry/log.h"

#include "base/fatal.h"
#include "telemetry/log_line.h"
#include "telemetry/metrics.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_TIMEOUT_MS = 100, LAST_LINE = 800 };

struct log_sink {
	void (*function)(const char *line, size_t length, void *argument);
	void *argument;
};

static _Atomic(const char *) log_daemon = "";
static atomic_int log_lowest = LOG_INFO;
static atomic_int log_form = LOG_JSON;
static atomic_int log_output = STDOUT_FILENO;
static _Atomic(struct metric *) lines_dropped;

static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_sink current_sink;
static atomic_bool has_sink;

/* Writes all bytes, in one write() unless the system splits it. A full pipe that does not block gets a moment. */
static bool write_line(int descriptor, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(descriptor, bytes, length);
		if (written >= 0) {
			bytes += written;
			length -= (size_t)written;
		} else if (errno == EAGAIN) {
			struct pollfd wait = {.fd = descriptor, .events = POLLOUT};
			if (poll(&wait, 1, OUTPUT_TIMEOUT_MS) <= 0)
				return false;
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

/* What JSON would have escaped is a blank or an apostrophe here. */
static void make_plain(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			*text = ' ';
		else if (*text == '"' || *text == '\\')
			*text = '\'';
	}
}

/* Allocates nothing and takes no lock; cut off where it grows too long. */
static void write_last_words(const char *message)
{
	char time[CLOCK_TEXT_SIZE], plain[600], line[LAST_LINE];
	clock_format(clock_wall(), time);
	(void)snprintf(plain, sizeof(plain), "%s", message);
	make_plain(plain);
	const char *daemon = atomic_load_explicit(&log_daemon, memory_order_acquire);
	int length;
	if (atomic_load_explicit(&log_form, memory_order_relaxed) == LOG_TEXT)
		length = snprintf(line, sizeof(line), "%s error   %s: %s\n", time, daemon, plain);
	else
		length = snprintf(line, sizeof(line),
				  "{\"time\":\"%s\",\"level\":\"error\",\"daemon\":\"%s\",\"message\":\"%s\"}\n", time,
				  daemon, plain);
	if (length > 0)
		(void)write_line(STDERR_FILENO, line, (size_t)length);
}

void log_configure(const char *daemon, enum log_level level, enum log_format format)
{
	atomic_store(&lines_dropped, metric_single(METRIC_COUNTER, "eventloop_log_lines_dropped_total",
						   "Log lines that standard output did not take."));
	atomic_store(&log_daemon, daemon);
	atomic_store(&log_lowest, (int)level);
	atomic_store(&log_form, (int)format);
	fatal_on(write_last_words);
}

bool log_level_parse(const char *word, enum log_level *ret_level)
{
	for (enum log_level level = LOG_DEBUG; level <= LOG_ERROR; level++) {
		if (strcmp(word, log_level_word(level)) == 0) {
			*ret_level = level;
			return true;
		}
	}
	return false;
}

void log_set_output(int descriptor)
{
	atomic_store(&log_output, descriptor);
}

void log_set_sink(void (*sink)(const char *line, size_t length, void *argument), void *argument)
{
	(void)pthread_mutex_lock(&sink_lock);
	current_sink = (struct log_sink){sink, argument};
	atomic_store(&has_sink, sink != NULL);
	(void)pthread_mutex_unlock(&sink_lock);
}

bool log_enabled(enum log_level level)
{
	return (int)level >= atomic_load_explicit(&log_lowest, memory_order_relaxed);
}

/* Renders; a line over the limit is replaced by a short one, so that the event itself is not lost. */
static void render(struct buffer *line, const struct log_line *event, enum log_format format)
{
	log_line_render(line, event, format);
	if (!buffer_failed(line))
		return;
	const struct log_field fields[] = {LOG_STRING("dropped", "fields over the limit of a line"), LOG_END};
	struct log_line shorter = *event;
	shorter.message = "a log line was too long";
	shorter.fields = fields;
	buffer_reset(line);
	log_line_render(line, &shorter, format);
}

static void hand_to_sink(const struct buffer *line)
{
	(void)pthread_mutex_lock(&sink_lock);
	struct log_sink sink = current_sink;
	(void)pthread_mutex_unlock(&sink_lock);
	if (sink.function)
		sink.function(buffer_text(line), line->length, sink.argument);
}

static void count_dropped(void)
{
	struct metric *metric = atomic_load(&lines_dropped);
	if (metric)
		metric_add(metric, 1);
}

static void emit(const struct log_line *event)
{
	struct buffer line;
	buffer_init(&line, LOG_LINE_MAX - 1);
	enum log_format format = (enum log_format)atomic_load_explicit(&log_form, memory_order_relaxed);
	bool sink = atomic_load_explicit(&has_sink, memory_order_acquire);
	if (sink) {
		render(&line, event, LOG_JSON);
		hand_to_sink(&line);
	}
	int output = atomic_load_explicit(&log_output, memory_order_relaxed);
	if (output >= 0) {
		if (!sink || format != LOG_JSON) {
			buffer_reset(&line);
			render(&line, event, format);
		}
		line.limit = LOG_LINE_MAX;
		buffer_append_char(&line, '\n');
		if (!write_line(output, line.data, line.length))
			count_dropped();
	}
	buffer_done(&line);
}

void log_write(enum log_level level, const struct context *ctx, const char *message, const struct log_field *fields)
{
	if (!log_enabled(level))
		return;
	int saved_errno = errno;
	struct log_line event = {
	    .wall = clock_wall(),
	    .level = level,
	    .daemon = atomic_load_explicit(&log_daemon, memory_order_acquire),
	    .ctx = ctx,
	    .message = message,
	    .fields = fields,
	};
	emit(&event);
	errno = saved_errno;
}

void log_each_line(enum log_level level, const char *text)
{
	char line[1000];
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		(void)snprintf(line, sizeof(line), "%.*s", (int)length, text);
		if (length > 0)
			log_write(level, NULL, line, NULL);
		text += length + (text[length] == '\n' ? 1 : 0);
	}
}

/* Texts that are "" are as good as not there. */
static const char *known(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

void log_error_of(enum log_level level, const struct context *ctx, const char *message)
{
	const struct error *error = &ctx->error;
	char place[200];
	place[0] = '\0';
	if (error->file)
		(void)snprintf(place, sizeof(place), "%s:%d", error->file, error->line);
	log_event(level, ctx, message, LOG_STRING("error", known(error_word(error->code))),
		  LOG_STRING("reason", known(error->reason)), LOG_STRING("error_message", known(error->message)),
		  LOG_STRING("cause", known(error->cause)), LOG_STRING("sqlstate", known(error->sqlstate)),
		  LOG_STRING("constraint", known(error->constraint)), LOG_STRING("place", known(place)));
}
