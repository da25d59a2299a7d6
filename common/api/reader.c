/* What everything that reads API files needs: members of an object, and saying what is wrong and where. */
#include "api/internal.h"

#include <stdarg.h>
#include <stdio.h>

bool api_fail(struct api_reader *reader, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	char text[400];
	(void)vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	(void)snprintf(reader->error, reader->size, "%s: %s%s%s", reader->file, reader->method ? reader->method : "",
		       reader->method ? ": " : "", text);
	return false;
}

struct json_object *api_member(struct json_object *object, const char *name, enum json_type type)
{
	struct json_object *member;
	if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, name, &member) ||
	    !json_object_is_type(member, type))
		return NULL;
	return member;
}

void api_members_add(struct json_object *target, struct json_object *source)
{
	if (!source)
		return;
	json_object_object_foreach(source, name, value)
	{
		json_object_object_add(target, name, json_object_get(value));
	}
}

const char *api_text(struct json_object *object, const char *name)
{
	struct json_object *text = api_member(object, name, json_type_string);
	return !text || json_object_get_string_len(text) == 0 ? NULL : json_object_get_string(text);
}
