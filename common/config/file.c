#include "config/file.h"

#include "config/pass.h"

#include <stdlib.h>
#include <string.h>

enum { ORIGIN_SIZE = 512 };

static bool is_space(char character)
{
	return character == ' ' || character == '\t' || character == '\r';
}

static char *skip_space(char *text)
{
	while (is_space(*text))
		text++;
	return text;
}

static void cut_trailing_space(char *start, char *end)
{
	while (end > start && is_space(end[-1]))
		end--;
	*end = '\0';
}

/* Unquotes in place. False when the closing quote is missing or something other than a comment follows it. */
static bool unquote(char *text)
{
	char *out = text;
	const char *in = text + 1;
	while (*in != '"' && *in != '\0') {
		if (*in == '\\' && (in[1] == '"' || in[1] == '\\'))
			in++;
		*out++ = *in++;
	}
	if (*in != '"')
		return false;
	do {
		in++;
	} while (is_space(*in));
	*out = '\0';
	return *in == '\0' || *in == '#';
}

/* Ends an unquoted value before its comment and trailing space. */
static void cut_comment(char *text)
{
	char *end = text;
	while (*end != '\0' && !(*end == '#' && (end == text || is_space(end[-1]))))
		end++;
	cut_trailing_space(text, end);
}

static void read_line(struct config_pass *pass, char *line, const char *origin)
{
	char *name = skip_space(line);
	if (*name == '\0' || *name == '#')
		return;
	char *equals = strchr(name, '=');
	if (!equals) {
		config_fault(pass, "%s: not of the form \"name = value\"", origin);
		return;
	}
	cut_trailing_space(name, equals);
	char *value = skip_space(equals + 1);
	if (*value != '"') {
		cut_comment(value);
	} else if (!unquote(value)) {
		config_fault(pass, "setting \"%s\" (%s): the quotes do not match", name, origin);
		return;
	}
	if (!config_give_named(pass, name, strlen(name), value, CONFIG_FROM_FILE, origin))
		config_fault(pass, "unknown setting \"%s\" (%s)", name, origin);
}

void config_read_file(struct config_pass *pass, const char *path)
{
	const char *fault;
	char *text = config_read_text(path, &fault);
	if (!text) {
		config_fault(pass, "the file \"%s\" (flag --config): %s", path, fault);
		return;
	}
	const size_t length = strlen(text);
	char *line = text;
	char origin[ORIGIN_SIZE];
	for (int number = 1; line; number++) {
		char *next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		(void)snprintf(origin, sizeof(origin), "%s:%d", path, number);
		read_line(pass, line, origin);
		line = next;
	}
	explicit_bzero(text, length);
	free(text);
}
