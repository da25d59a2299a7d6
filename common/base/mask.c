#include "base/mask.h"

#include <ctype.h>
#include <strings.h>

static bool word_is_secret(const char *word, size_t length)
{
	static const char *const words[] = {"password",	  "passphrase", "token", "secret", "authorization",
					    "credential", "cookie",	"key",	 "email",  "phone"};
	/* The first letters of these, to have done with most words at once. */
	if (length < 3 || !strchr("ptsackePTSACKE", word[0]))
		return false;
	if (tolower((unsigned char)word[length - 1]) == 's')
		length--;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i]) == length && strncasecmp(words[i], word, length) == 0)
			return true;
	}
	return false;
}

static bool word_ends(const char *name, size_t at)
{
	bool capital = isupper((unsigned char)name[at]) && at > 0 && islower((unsigned char)name[at - 1]);
	return name[at] == '\0' || name[at] == '_' || name[at] == '-' || name[at] == '.' || capital;
}

bool mask_name_is_secret(const char *name)
{
	size_t start = 0;
	for (size_t at = 0;; at++) {
		if (!word_ends(name, at))
			continue;
		if (word_is_secret(name + start, at - start))
			return true;
		if (name[at] == '\0')
			return false;
		start = isupper((unsigned char)name[at]) ? at : at + 1;
	}
}

static bool is_base64url(char character)
{
	return isalnum((unsigned char)character) || character == '-' || character == '_';
}

/* "//user:PASSWORD@": where the password lies, seen from the slashes. The last @ of the authority ends it. */
static size_t url_password(const char *text, size_t *ret_length)
{
	if (strncmp(text, "//", 2) != 0)
		return 0;
	size_t end = 2 + strcspn(text + 2, "/?# \t\r\n\"'");
	size_t at = end;
	while (at > 2 && text[at] != '@')
		at--;
	const char *colon = memchr(text + 2, ':', at - 2);
	if (text[at] != '@' || !colon)
		return 0;
	size_t start = (size_t)(colon - text) + 1;
	*ret_length = at - start;
	return start;
}

/* "Bearer CREDENTIALS" or "Basic CREDENTIALS": where the credentials lie. */
static size_t credentials(const char *text, size_t *ret_length)
{
	size_t start = strncasecmp(text, "bearer ", 7) == 0 ? 7 : strncasecmp(text, "basic ", 6) == 0 ? 6 : 0;
	if (start == 0)
		return 0;
	*ret_length = strcspn(text + start, " \t\r\n\",;'");
	return *ret_length >= 8 ? start : 0;
}

/* A JWT begins with the base64url of {" and has two dots. */
static size_t jwt_length(const char *text)
{
	size_t length = 0;
	int dots = 0;
	if (strncmp(text, "eyJ", 3) != 0)
		return 0;
	for (; is_base64url(text[length]) || text[length] == '.'; length++)
		dots += text[length] == '.';
	return dots >= 2 ? length : 0;
}

/* Finds a secret that begins at text: shown bytes before it in *ret_shown, its length as the result, 0 for none. */
static size_t secret_at(const char *text, size_t *ret_shown)
{
	size_t length = 0;
	*ret_shown = 0;
	switch (text[0]) {
	case '/':
		*ret_shown = url_password(text, &length);
		return length;
	case 'B':
	case 'b':
		*ret_shown = credentials(text, &length);
		return *ret_shown > 0 ? length : 0;
	case 'e':
		return jwt_length(text);
	default:
		return 0;
	}
}

void mask_append(struct buffer *out, const char *text)
{
	const char *shown_from = text;
	while (*text != '\0') {
		text += strcspn(text, "/Bbe");
		if (*text == '\0')
			break;
		size_t shown;
		size_t length = secret_at(text, &shown);
		if (length == 0) {
			text++;
			continue;
		}
		buffer_append(out, shown_from, (size_t)(text + shown - shown_from));
		buffer_append_text(out, MASK_TEXT);
		text += shown + length;
		shown_from = text;
	}
	buffer_append_text(out, shown_from);
}
