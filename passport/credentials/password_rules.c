#include "credentials/password_rules.h"

#include "base/embed.h"
#include "base/text.h"

#include <string.h>

#define PRODUCT "eventloop"

extern const struct embedded_file passport_data[];

/* Where the line begins that has the byte at `at`. */
static const char *line_start(const char *first, const char *at)
{
	const char *newline = memrchr(first, '\n', (size_t)(at - first));
	return newline ? newline + 1 : first;
}

static int compare(const char *line, size_t length, const char *word)
{
	size_t size = strlen(word);
	int order = memcmp(line, word, length < size ? length : size);
	return order != 0 ? order : (length > size) - (length < size);
}

/* A binary search by bytes in a file of sorted lines: no index is made at start, and only a few pages are touched. */
static bool is_listed(const struct embedded_file *list, const char *word)
{
	const char *first = list->start, *end = list->end;
	while (strncmp(first, "# ", 2) == 0)
		first = strchr(first, '\n') + 1;
	while (first < end) {
		const char *line = line_start(first, first + (end - first) / 2);
		size_t length = strcspn(line, "\n");
		int order = compare(line, length, word);
		if (order == 0)
			return true;
		if (order < 0)
			first = line + length + 1;
		else
			end = line;
	}
	return false;
}

static const char *before(struct arena *arena, const char *text, const char *stop)
{
	return arena_strndup(arena, text, strcspn(text, stop));
}

/* `letters` are those of the password `folded`. A word without a letter, such as a number, counts as it is. */
static bool is_word(struct arena *arena, const char *folded, const char *letters, const char *word)
{
	const char *own = text_letters(arena, word);
	return own[0] != '\0' ? strcmp(own, letters) == 0 : strcmp(text_fold(arena, word), folded) == 0;
}

static bool is_context_word(struct arena *arena, const char *password, const char *email, const char *name)
{
	const char *folded = text_fold(arena, password), *letters = text_letters(arena, password);
	if (is_word(arena, folded, letters, PRODUCT))
		return true;
	if (email && is_word(arena, folded, letters, before(arena, email, "@")))
		return true;
	if (!name)
		return false;
	if (is_word(arena, folded, letters, name))
		return true;
	for (const char *word = name + strspn(name, " "); *word != '\0'; word += strspn(word, " ")) {
		if (is_word(arena, folded, letters, before(arena, word, " ")))
			return true;
		word += strcspn(word, " ");
	}
	return false;
}

const char *password_broken_rule(struct arena *arena, const char *password, const char *email, const char *name)
{
	if (is_listed(&passport_data[0], text_fold(arena, password)))
		return "common_password";
	return is_context_word(arena, password, email, name) ? "context_word" : NULL;
}

int password_check(struct rpc_call *call, const char *parameter, const char *email, const char *name)
{
	struct arena *arena = &call->ctx->arena;
	const char *rule = password_broken_rule(arena, rpc_param(call, parameter), email, name);
	return rule ? rpc_invalid(call, arena_printf(arena, "/params/%s", parameter), rule, NULL) : 0;
}
