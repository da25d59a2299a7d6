#include "base/error.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct code_row {
	int number;
	const char *word;
};

static const struct code_row codes[] = {[ERROR_NONE] = {0, ""},
#define X(name, number_, word_) [ERROR_##name] = {number_, word_},
					ERROR_CODES(X)
#undef X
};

static const struct code_row *row_of(enum error_code code)
{
	bool known = (size_t)code < ARRAY_SIZE(codes);
	return &codes[known ? code : ERROR_INTERNAL];
}

int error_number(enum error_code code)
{
	return row_of(code)->number;
}

const char *error_word(enum error_code code)
{
	return row_of(code)->word;
}

enum error_code error_from_number(int number)
{
	for (size_t i = ERROR_NONE + 1; i < ARRAY_SIZE(codes); i++) {
		if (codes[i].number == number)
			return (enum error_code)i;
	}
	return ERROR_INTERNAL;
}

/* Cuts off the character that a full text ended in the middle of. */
static void cut_broken_end(char *text)
{
	size_t length = strlen(text);
	bool valid = true;
	for (size_t i = 0; i < length;) {
		size_t size = utf8_step((unsigned char *)text + i, length - i, &valid);
		if (!valid && i + size == length)
			text[i] = '\0';
		i += size;
	}
}

/* Formats into a text of the error: one line, no half characters. */
PRINTF(3, 0) static void set_line(char *text, size_t size, const char *format, va_list values)
{
	int length = vsnprintf(text, size, format, values);
	if (length < 0)
		text[0] = '\0';
	else if ((size_t)length >= size)
		cut_broken_end(text);
	for (char *character = text; *character != '\0'; character++) {
		if ((unsigned char)*character < 0x20)
			*character = ' ';
	}
}

int error_set_at(struct error *error, const char *file, int line, enum error_code code, const char *reason,
		 const char *format, ...)
{
	if (error->code != ERROR_NONE)
		return -1;
	error_clear(error);
	error->code = code != ERROR_NONE ? code : ERROR_INTERNAL;
	error->file = file;
	error->line = line;
	if (reason)
		(void)snprintf(error->reason, sizeof(error->reason), "%s", reason);
	if (format) {
		va_list values;
		va_start(values, format);
		set_line(error->message, sizeof(error->message), format, values);
		va_end(values);
	}
	return -1;
}

void error_set_cause(struct error *error, const char *format, ...)
{
	if (error->cause[0] != '\0')
		return;
	va_list values;
	va_start(values, format);
	set_line(error->cause, sizeof(error->cause), format, values);
	va_end(values);
}

bool error_is(const struct error *error, enum error_code code, const char *reason)
{
	return error->code == code && strcmp(error->reason, reason) == 0;
}

void error_clear(struct error *error)
{
	error->code = ERROR_NONE;
	error->file = NULL;
	error->line = 0;
	error->retry_after_ms = 0;
	error->reason[0] = '\0';
	error->message[0] = '\0';
	error->cause[0] = '\0';
	error->details = NULL;
	error->sqlstate[0] = '\0';
	error->constraint[0] = '\0';
}
