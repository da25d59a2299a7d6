#include "http/content.h"

#include "base/macros.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"
#define NAME_END " \t;,=\""

static bool equals(const char *text, size_t length, const char *wanted)
{
	return length == strlen(wanted) && strncasecmp(text, wanted, length) == 0;
}

static bool type_accepted(const char *type, size_t length)
{
	static const char *const accepted[] = {"application/json", "application/json-rpc", "application/jsonrequest"};
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++)
		if (equals(type, length, accepted[i]))
			return true;
	return false;
}

/* Behind the value of a parameter, a token or a quoted string; NULL when it is neither. */
static const char *value_end(const char *value)
{
	if (*value != '"')
		return value + strcspn(value, NAME_END);
	for (value++; *value != '"'; value++) {
		if (*value == '\\')
			value++;
		if (*value == '\0')
			return NULL;
	}
	return value + 1;
}

static bool charset_accepted(const char *value, size_t length)
{
	bool quoted = value[0] == '"';
	value += quoted;
	length -= quoted ? 2 : 0;
	return equals(value, length, "utf-8") || equals(value, length, "utf8");
}

/* *(OWS ";" OWS [name "=" value]), RFC 9110 section 5.6.6. */
static bool parameters_accepted(const char *at)
{
	while (*(at += strspn(at, BLANKS)) == ';') {
		at++;
		at += strspn(at, BLANKS);
		const char *name = at;
		size_t length = strcspn(name, NAME_END);
		if (length == 0)
			continue;
		const char *value = name + length + 1;
		const char *end = name[length] == '=' ? value_end(value) : NULL;
		if (!end || end == value)
			return false;
		if (equals(name, length, "charset") && !charset_accepted(value, (size_t)(end - value)))
			return false;
		at = end;
	}
	return *at == '\0';
}

bool http_content_is_json(const char *type)
{
	size_t length = type ? strcspn(type, NAME_END) : 0;
	return length > 0 && type_accepted(type, length) && parameters_accepted(type + length);
}

bool http_content_is_encoded(const char *encoding)
{
	const char *at = encoding ? encoding : "";
	while (*(at += strspn(at, " \t,")) != '\0') {
		size_t length = strcspn(at, " \t,");
		if (!equals(at, length, "identity"))
			return true;
		at += length;
	}
	return false;
}
