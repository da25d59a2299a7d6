#define PCRE2_CODE_UNIT_WIDTH 8
#include "schema/machine.h"

#include "base/fatal.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* Bounds of one match: depth of backtracking, and KiB of memory for it. */
#define MATCH_DEPTH 10000
#define MATCH_MEMORY 1024

/* How many steps of backtracking a match may take, and what a try with so many costs of the validation's work. Nearly
 * all end within the first; a hostile text on a bad pattern takes all of them, each time: without this, thousands of
 * such matches would keep the thread busy for minutes. */
static const struct {
	uint32_t steps, cost;
} tries[] = {{250, 1}, {5000, 250}, {100000, 5000}};

struct schema_pattern {
	pcre2_code *code;
	struct schema_pattern *next; /* of the set */
};

struct schema_matcher {
	pcre2_match_context *context;
	pcre2_match_data *data;
};

/* UTF without UCP, so that \d, \w and \s are those of ECMA 262, which are ASCII; $ only at the very end; \uXXXX. */
#define OPTIONS                                                                                                    \
	(PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF | \
	 PCRE2_NEVER_BACKSLASH_C)

static struct schema_pattern *fail(struct schema_set *set, const char *place, int number, size_t offset)
{
	PCRE2_UCHAR text[120];
	(void)pcre2_get_error_message(number, text, sizeof(text));
	(void)schema_fail(set, place, "pattern: %s at character %zu", (const char *)text, offset);
	return NULL;
}

const struct schema_pattern *schema_pattern_new(struct schema_set *set, const char *text, const char *place)
{
	PCRE2_SIZE offset;
	int number;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, OPTIONS, &number, &offset, NULL);
	if (!code)
		return fail(set, place, number, offset);
	struct schema_pattern *pattern = arena_alloc(&set->arena, sizeof(*pattern));
	*pattern = (struct schema_pattern){.code = code, .next = set->patterns};
	set->patterns = pattern;
	return pattern;
}

void schema_patterns_free(struct schema_pattern *patterns)
{
	for (; patterns; patterns = patterns->next)
		pcre2_code_free(patterns->code);
}

static struct schema_matcher *matcher_new(void)
{
	struct schema_matcher *matcher = must_malloc(sizeof(*matcher));
	matcher->context = pcre2_match_context_create(NULL);
	matcher->data = pcre2_match_data_create(1, NULL);
	if (!matcher->context || !matcher->data)
		fatal("no memory for matching patterns");
	(void)pcre2_set_depth_limit(matcher->context, MATCH_DEPTH);
	(void)pcre2_set_heap_limit(matcher->context, MATCH_MEMORY);
	return matcher;
}

void schema_matcher_free(struct schema_matcher *matcher)
{
	if (!matcher)
		return;
	pcre2_match_context_free(matcher->context);
	pcre2_match_data_free(matcher->data);
	free(matcher);
}

/* The text is UTF-8, the scanner saw to that; checking it again would cost more than most matches. */
static int match(const struct schema_pattern *pattern, const char *text, size_t length,
		 const struct schema_matcher *matcher, uint32_t steps)
{
	(void)pcre2_set_match_limit(matcher->context, steps);
	return pcre2_match(pattern->code, (PCRE2_SPTR)text, length, 0, PCRE2_NO_UTF_CHECK, matcher->data,
			   matcher->context);
}

bool machine_matches(struct machine *machine, const struct schema_pattern *pattern, const char *text, size_t length)
{
	int found = PCRE2_ERROR_MATCHLIMIT;
	if (!machine->matcher)
		machine->matcher = matcher_new();
	for (size_t i = 0; i < ARRAY_SIZE(tries) && found == PCRE2_ERROR_MATCHLIMIT; i++) {
		if (!machine_count(machine, tries[i].cost + (uint32_t)(length / 8)))
			return false;
		found = match(pattern, text, length, machine->matcher, tries[i].steps);
	}
	return found >= 0;
}
