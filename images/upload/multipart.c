#include "upload/multipart.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool boundary_character(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
	       (character >= '0' && character <= '9') || (character && strchr("'()+_,-./:=? ", character));
}

bool multipart_boundary(const char *content_type, char boundary[static MULTIPART_BOUNDARY_SIZE])
{
	static const char type[] = "multipart/form-data";
	if (!content_type || strncasecmp(content_type, type, sizeof(type) - 1) != 0)
		return false;
	const char *found = strcasestr(content_type + sizeof(type) - 1, "boundary=");
	if (!found)
		return false;
	const char *value = found + strlen("boundary=");
	bool quoted = *value == '"';
	value += quoted;
	size_t length = strcspn(value, quoted ? "\"" : "; \t");
	if (length == 0 || length >= MULTIPART_BOUNDARY_SIZE || (quoted && value[length] != '"'))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!boundary_character(value[i]))
			return false;
	memcpy(boundary, value, length);
	boundary[length] = '\0';
	return value[length - 1] != ' ';
}

/* Finds text in bytes without regard to case. */
static const char *find(const char *bytes, const char *end, const char *text)
{
	size_t length = strlen(text);
	for (; bytes + length <= end; bytes++)
		if (strncasecmp(bytes, text, length) == 0)
			return bytes;
	return NULL;
}

/* True when the part's headers say form-data; name="<name>". */
static bool is_named(const char *headers, const char *end, const char *name)
{
	const char *disposition = find(headers, end, "content-disposition:");
	char wanted[128];
	if (!disposition || snprintf(wanted, sizeof(wanted), "; name=\"%s\"", name) >= (int)sizeof(wanted))
		return false;
	const char *line_end = find(disposition, end, "\r\n");
	return find(disposition, line_end ? line_end : end, wanted) != NULL;
}

/* The next "--boundary" that begins a line, from `from` on. */
static const char *next_delimiter(const char *from, const char *end, const char *delimiter, size_t size)
{
	return from < end ? memmem(from, (size_t)(end - from), delimiter, size) : NULL;
}

/* Reads the part whose headers begin at `part` and that ends before `close`. */
static enum multipart_result read_part(const char *part, const char *close, const char *name, const char **ret_start,
				       size_t *ret_length)
{
	const char *blank = memmem(part, (size_t)(close - part), "\r\n\r\n", 4);
	if (!blank || blank - part > MULTIPART_MAX_HEADERS)
		return MULTIPART_MALFORMED;
	if (!is_named(part, blank, name))
		return MULTIPART_ABSENT;
	*ret_start = blank + 4;
	*ret_length = (size_t)(close - *ret_start);
	return MULTIPART_FOUND;
}

enum multipart_result multipart_find(const char *body, size_t length, const char *boundary, const char *name,
				     const char **ret_start, size_t *ret_length)
{
	char delimiter[MULTIPART_BOUNDARY_SIZE + 4];
	size_t size = (size_t)snprintf(delimiter, sizeof(delimiter), "\r\n--%s", boundary);
	const char *end = body + length;
	/* The first delimiter may stand at the very start, without the line end before it. */
	bool at_start = length >= size - 2 && memcmp(body, delimiter + 2, size - 2) == 0;
	const char *first = at_start ? NULL : next_delimiter(body, end, delimiter, size);
	const char *part = at_start ? body + size - 2 : first ? first + size : NULL;
	for (int parts = 0; part && parts < MULTIPART_MAX_PARTS; parts++) {
		if (end - part >= 2 && memcmp(part, "--", 2) == 0)
			return MULTIPART_ABSENT;
		const char *close =
		    end - part >= 2 && memcmp(part, "\r\n", 2) == 0 ? next_delimiter(part, end, delimiter, size) : NULL;
		if (!close)
			return MULTIPART_MALFORMED;
		enum multipart_result result = read_part(part, close, name, ret_start, ret_length);
		if (result != MULTIPART_ABSENT)
			return result;
		part = close + size;
	}
	return MULTIPART_MALFORMED;
}
