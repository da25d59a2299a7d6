/* The table of headers and the request target: the parts of a request that are plain text work. */
#include "http/parser.h"

#include <string.h>
#include <strings.h>

enum { TEXT_FIRST = 1024 /* most heads fit */ };

void http_fields_begin(struct http_fields *fields, struct arena *arena, size_t limit)
{
	buffer_init_arena(&fields->text, arena, limit);
	(void)buffer_reserve(&fields->text, limit < TEXT_FIRST ? limit : TEXT_FIRST);
	fields->count = 0;
	fields->items[0].name_length = 0;
}

bool http_fields_add(struct http_fields *fields, const char *name, const char *value)
{
	if (fields->count == HTTP_MAX_FIELDS)
		return false;
	struct http_field *field = &fields->items[fields->count];
	field->name = (uint32_t)fields->text.length;
	field->name_length = (uint32_t)strlen(name);
	buffer_append(&fields->text, name, field->name_length + 1);
	field->value = (uint32_t)fields->text.length;
	field->value_length = (uint32_t)strlen(value);
	buffer_append(&fields->text, value, field->value_length + 1);
	if (buffer_failed(&fields->text))
		return false;
	fields->count++;
	return true;
}

static bool field_named(const struct http_fields *fields, const struct http_field *field, const char *name,
			size_t length)
{
	return field->name_length == length && strncasecmp(fields->text.data + field->name, name, length) == 0;
}

const char *http_fields_get(const struct http_fields *fields, const char *name)
{
	size_t length = strlen(name);
	for (size_t i = 0; i < fields->count; i++)
		if (field_named(fields, &fields->items[i], name, length))
			return fields->text.data + fields->items[i].value;
	return NULL;
}

const char *http_fields_list(const struct http_fields *fields, struct arena *arena, const char *name)
{
	size_t length = strlen(name), total = 0;
	if (http_fields_count(fields, name) < 2)
		return http_fields_get(fields, name);
	for (size_t i = 0; i < fields->count; i++)
		total += field_named(fields, &fields->items[i], name, length) ? fields->items[i].value_length + 2 : 0;
	char *text = arena_alloc(arena, total + 1);
	char *end = text;
	for (size_t i = 0; i < fields->count; i++) {
		const struct http_field *field = &fields->items[i];
		if (!field_named(fields, field, name, length))
			continue;
		end = stpcpy(end, end == text ? "" : ", ");
		end = stpcpy(end, fields->text.data + field->value);
	}
	return text;
}

size_t http_fields_count(const struct http_fields *fields, const char *name)
{
	size_t length = strlen(name);
	size_t count = 0;
	for (size_t i = 0; i < fields->count; i++)
		count += field_named(fields, &fields->items[i], name, length);
	return count;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Decodes in place (RFC 3986 section 2.1); a decoded NUL would cut the text short, so it is refused. */
static bool percent_decode(char *text)
{
	char *to = strchr(text, '%');
	if (!to)
		return true;
	for (const char *from = to; *from != '\0';) {
		if (*from != '%') {
			*to++ = *from++;
			continue;
		}
		int high = hex_value(from[1]);
		int low = high < 0 ? -1 : hex_value(from[2]);
		if (low < 0 || high + low == 0)
			return false;
		*to++ = (char)(high * 16 + low);
		from += 3;
	}
	*to = '\0';
	return true;
}

/* Skips scheme and authority of the absolute form, which a server must accept. NULL when there is no path to be had. */
static const char *skip_authority(const char *target)
{
	size_t scheme = strncasecmp(target, "http://", 7) == 0 ? 7 : strncasecmp(target, "https://", 8) == 0 ? 8 : 0;
	if (scheme == 0)
		return NULL;
	const char *rest = target + scheme;
	size_t authority = strcspn(rest, "/?#");
	return authority > 0 ? rest + authority : NULL;
}

bool http_target_split(struct arena *arena, const char *target, const char **ret_path, const char **ret_query)
{
	bool is_path = target[0] == '/' || strcmp(target, "*") == 0;
	const char *start = is_path ? target : skip_authority(target);
	if (!start)
		return false;
	size_t length = strcspn(start, "?#");
	char *path = length > 0 ? arena_strndup(arena, start, length) : arena_strdup(arena, "/");
	if (!percent_decode(path))
		return false;
	const char *query = start[length] == '?' ? start + length + 1 : "";
	*ret_path = path;
	*ret_query = arena_strndup(arena, query, strcspn(query, "#"));
	return true;
}
