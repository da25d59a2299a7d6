#include "schema/internal.h"

#include <arpa/inet.h>
#include <string.h>

/* Characters that a part may have besides letters, digits and percent escapes. Source: RFC 3986 appendix A. */
#define UNRESERVED "-._~"
#define SUB_DELIMITERS "!$&'()*+,;="
#define USER UNRESERVED SUB_DELIMITERS ":"
#define HOST UNRESERVED SUB_DELIMITERS
#define PATH UNRESERVED SUB_DELIMITERS ":@/"
#define QUERY PATH "?"

static bool consists_of(const char *text, const char *end, const char *others)
{
	for (; text < end; text++) {
		if (*text == '%') {
			if (end - text < 3 || !schema_is_hex(text[1]) || !schema_is_hex(text[2]))
				return false;
			text += 2;
		} else if (!schema_is_letter(*text) && !schema_is_digit(*text) &&
			   (*text == '\0' || !strchr(others, *text))) {
			return false;
		}
	}
	return true;
}

/* Where the first of some characters is, or the end. */
static const char *find(const char *text, const char *end, const char *characters)
{
	while (text < end && (*text == '\0' || !strchr(characters, *text)))
		text++;
	return text;
}

/* What stands in square brackets: an IPv6 address, or a version to come. */
static bool is_literal(const char *text, const char *end)
{
	size_t length = (size_t)(end - text);
	if (length > 2 && (*text | 0x20) == 'v') {
		const char *dot = find(text, end, ".");
		return dot > text + 1 && end - dot > 1 && consists_of(dot + 1, end, USER) && !memchr(text, '%', length);
	}
	char address[INET6_ADDRSTRLEN];
	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	unsigned char parsed[16];
	return inet_pton(AF_INET6, address, parsed) == 1;
}

static bool is_authority(const char *text, const char *end)
{
	const char *at = find(text, end, "@");
	if (at < end) {
		if (!consists_of(text, at, USER))
			return false;
		text = at + 1;
	}
	const char *colon;
	if (text < end && *text == '[') {
		const char *close = find(text, end, "]");
		if (close == end || !is_literal(text + 1, close))
			return false;
		colon = close + 1;
	} else {
		colon = find(text, end, ":");
		if (!consists_of(text, colon, HOST))
			return false;
	}
	if (colon == end)
		return true;
	if (*colon != ':')
		return false;
	for (const char *digit = colon + 1; digit < end; digit++)
		if (!schema_is_digit(*digit))
			return false;
	return true;
}

bool schema_is_uri(const char *text, size_t length)
{
	const char *end = text + length, *colon = find(text, end, ":");
	if (colon == end || !schema_is_letter(*text))
		return false;
	for (const char *scheme = text; scheme < colon; scheme++)
		if (!schema_is_letter(*scheme) && !schema_is_digit(*scheme) && !strchr("+-.", *scheme))
			return false;
	const char *path = colon + 1;
	if (end - path >= 2 && path[0] == '/' && path[1] == '/') {
		const char *authority = path + 2;
		path = find(authority, end, "/?#");
		if (!is_authority(authority, path))
			return false;
	}
	const char *query = find(path, end, "?#");
	const char *fragment = find(query, end, "#");
	return consists_of(path, query, PATH) && (query == fragment || consists_of(query + 1, fragment, QUERY)) &&
	       (fragment == end || consists_of(fragment + 1, end, QUERY));
}
