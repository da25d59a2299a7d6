#include "base/buffer.h"
#include "postgres/postgres.h"

static void append_member(struct buffer *out, const char *text)
{
	buffer_append_char(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buffer_append_char(out, '\\');
		buffer_append_char(out, *text);
	}
	buffer_append_char(out, '"');
}

void pg_array_text(struct buffer *out, const char *const *values, size_t count)
{
	buffer_append_char(out, '{');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_append_char(out, ',');
		if (values[i])
			append_member(out, values[i]);
		else
			buffer_append_text(out, "NULL");
	}
	buffer_append_char(out, '}');
}
