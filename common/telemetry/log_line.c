#include "telemetry/log_line.h"

#include "base/fatal.h"
#include "base/mask.h"

#include <string.h>

enum { USUAL_LINE = 1000 };
enum { TRACE_ID_AT = 3, TRACE_ID_LENGTH = 32 }; /* in a traceparent */

/* Where values are masked before they are escaped. */
struct writer {
	struct buffer *out;
	struct buffer masked;
};

const char *log_level_word(enum log_level level)
{
	static const char *const words[] = {"debug", "info", "warning", "error"};
	return (size_t)level < ARRAY_SIZE(words) ? words[level] : "error";
}

static const char *masked_text(struct writer *writer, const char *text)
{
	buffer_reset(&writer->masked);
	mask_append(&writer->masked, text);
	return buffer_failed(&writer->masked) ? MASK_TEXT : buffer_text(&writer->masked);
}

static const char *masked_field(struct writer *writer, const struct log_field *field)
{
	return mask_name_is_secret(field->name) ? MASK_TEXT : masked_text(writer, field->text);
}

static bool field_is_shown_as_number(const struct log_field *field)
{
	return field->kind == LOG_FIELD_NUMBER && !mask_name_is_secret(field->name);
}

static bool field_is_absent(const struct log_field *field)
{
	return field->kind == LOG_FIELD_TEXT && !field->text;
}

/* A name that the line has of its own, or that an earlier field has. Readers of JSON refuse a second member of a name,
 * so it is left out; builds with fault points end, so that tests notice it. */
static bool field_is_repeated(const struct log_line *line, const struct log_field *field)
{
	static const char *const own[] = {"time",   "level", "daemon", "request_id", "trace_id",
					  "method", "user",  "actor",  "message"};
	bool repeated = false;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		repeated = repeated || strcmp(own[i], field->name) == 0;
	for (const struct log_field *earlier = line->fields; earlier != field; earlier++)
		repeated = repeated || (!field_is_absent(earlier) && strcmp(earlier->name, field->name) == 0);
#ifdef EVENTLOOP_FAULTS
	if (repeated)
		fatal("the log line \"%s\" has %s twice", line->message, field->name);
#endif
	return repeated;
}

static bool field_is_written(const struct log_line *line, const struct log_field *field)
{
	return !field_is_absent(field) && !field_is_repeated(line, field);
}

/* Names are constants of the code: nothing in them needs an escape. */
static void append_member_name(struct buffer *out, const char *name)
{
	if (out->length > 1)
		buffer_append_char(out, ',');
	buffer_append_char(out, '"');
	buffer_append_text(out, name);
	buffer_append(out, "\":", 2);
}

static void append_member(struct buffer *out, const char *name, const char *text)
{
	if (!text || text[0] == '\0')
		return;
	append_member_name(out, name);
	buffer_append_json_string(out, text);
}

static void append_context(struct buffer *out, const struct context *ctx,
			   void (*append)(struct buffer *out, const char *, const char *))
{
	if (!ctx)
		return;
	char trace_id[TRACE_ID_LENGTH + 1] = "";
	if (strnlen(ctx->traceparent, TRACEPARENT_SIZE) == TRACEPARENT_SIZE - 1) {
		memcpy(trace_id, ctx->traceparent + TRACE_ID_AT, TRACE_ID_LENGTH);
		trace_id[TRACE_ID_LENGTH] = '\0';
	}
	append(out, "request_id", ctx->request_id);
	append(out, "trace_id", trace_id);
	append(out, "method", ctx->method);
	append(out, "user", ctx->user);
	append(out, "actor", ctx->actor);
}

static void append_json_field(struct writer *writer, const struct log_field *field)
{
	struct buffer *out = writer->out;
	append_member_name(out, field->name);
	if (field_is_shown_as_number(field))
		buffer_append_integer(out, field->number);
	else
		buffer_append_json_string(out,
					  field->kind == LOG_FIELD_NUMBER ? MASK_TEXT : masked_field(writer, field));
}

static void render_json(struct writer *writer, const struct log_line *line)
{
	struct buffer *out = writer->out;
	char time[CLOCK_TEXT_SIZE];
	clock_format(line->wall, time);
	buffer_append_char(out, '{');
	append_member(out, "time", time);
	append_member(out, "level", log_level_word(line->level));
	append_member(out, "daemon", line->daemon);
	append_context(out, line->ctx, append_member);
	append_member(out, "message", masked_text(writer, line->message));
	for (const struct log_field *field = line->fields; field && field->name; field++) {
		if (field_is_written(line, field))
			append_json_field(writer, field);
	}
	buffer_append_char(out, '}');
}

/* name=value; quoted when it would not stay one word on one line. */
static void append_pair(struct buffer *out, const char *name, const char *text)
{
	if (!text || text[0] == '\0')
		return;
	buffer_append_char(out, ' ');
	buffer_append_text(out, name);
	buffer_append_char(out, '=');
	bool plain = true;
	for (const char *character = text; *character != '\0'; character++)
		plain = plain && *character > ' ' && *character < 0x7F && *character != '"' && *character != '\\';
	if (plain)
		buffer_append_text(out, text);
	else
		buffer_append_json_string(out, text);
}

/* A message stays on its line: control characters would let a caller forge lines. */
static void append_message(struct buffer *out, const char *message)
{
	size_t start = out->length;
	buffer_append_text(out, message);
	for (size_t i = start; i < out->length; i++) {
		if ((unsigned char)out->data[i] < ' ' || out->data[i] == 0x7F)
			out->data[i] = ' ';
	}
}

static void render_text(struct writer *writer, const struct log_line *line)
{
	struct buffer *out = writer->out;
	char time[CLOCK_TEXT_SIZE];
	clock_format(line->wall, time);
	buffer_printf(out, "%s %-7s ", time, log_level_word(line->level));
	if (line->daemon && line->daemon[0] != '\0')
		buffer_printf(out, "%s: ", line->daemon);
	append_message(out, masked_text(writer, line->message));
	for (const struct log_field *field = line->fields; field && field->name; field++) {
		if (!field_is_written(line, field))
			continue;
		if (field_is_shown_as_number(field))
			buffer_printf(out, " %s=%lld", field->name, (long long)field->number);
		else
			append_pair(out, field->name,
				    field->kind == LOG_FIELD_NUMBER ? MASK_TEXT : masked_field(writer, field));
	}
	append_context(out, line->ctx, append_pair);
}

void log_line_render(struct buffer *out, const struct log_line *line, enum log_format format)
{
	struct writer writer = {.out = out};
	buffer_init(&writer.masked, LOG_LINE_MAX);
	(void)buffer_reserve(out, USUAL_LINE);
	if (format == LOG_JSON)
		render_json(&writer, line);
	else
		render_text(&writer, line);
	buffer_done(&writer.masked);
}
