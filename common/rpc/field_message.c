#include "rpc/field_message.h"

#include "base/text.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_PATH 90	  /* bytes */
#define SHOWN_EXPECTED 70 /* bytes */
#define CUT "..."

/* Rule and sentence; "%" stands for what is expected. */
struct sentence {
	const char *rule;
	const char *text;
	const char *without; /* when nothing is known of what is expected; NULL: text does without */
};

static const struct sentence sentences[] = {
    {"required", "must be given", NULL},
    {"enum", "must be one of %", "is none of the values allowed"},
    {"const", "must be %", "has another value than the one allowed"},
    {"pattern", "must match %", "has a form that is not allowed"},
    {"minLength", "must have at least % characters", NULL},
    {"maxLength", "must have at most % characters", NULL},
    {"maxBytes", "must have at most % bytes", NULL},
    {"minimum", "must be at least %", NULL},
    {"maximum", "must be at most %", NULL},
    {"exclusiveMinimum", "must be more than %", NULL},
    {"exclusiveMaximum", "must be less than %", NULL},
    {"multipleOf", "must be a multiple of %", NULL},
    {"minItems", "must have at least % items", NULL},
    {"maxItems", "must have at most % items", NULL},
    {"uniqueItems", "must not repeat an item", NULL},
    {"contains", "lacks an item that it must have", NULL},
    {"additionalItems", "has more items than are allowed", NULL},
    {"minProperties", "must have at least % members", NULL},
    {"maxProperties", "must have at most % members", NULL},
    {"propertyNames", "has a name that is not allowed", NULL},
    {"dependencies", "must be given beside the others", NULL},
    {"anyOf", "fits none of the forms allowed", NULL},
    {"oneOf", "must fit exactly one of the forms allowed", NULL},
    {"not", "has a form that is not allowed", NULL},
    {"false", "is not allowed here", NULL},
    {"complexity", "takes too long to be checked", NULL},
    {"noNul", "must not have U+0000 in a text", NULL},
    {"pairedSurrogates", "must not have half a surrogate pair in a text", NULL},
    {"numberRange", "must be a number that a double can hold", NULL},
    {"uniqueNames", "is given twice", NULL},
    {"after", "must be after %", NULL},
    {"beside", "must not be given beside %", NULL},
    {"overlap", "must not overlap that of %", NULL},
    {"nested", "must be listings that neither include others nor are this one, which is a part of none", NULL},
    {"shared_walls", "is not for a listing that shares walls with others", NULL},
    {"shared_most", "would make more than % listings share walls", NULL},
    {"first", "must be what the first occurrence is one of", NULL},
    {"occurrences", "must be of at most % dates", NULL},
    {"count", "must be as many as %", NULL},
    {"not_before", "must not be before %", NULL},
    {"maximum_days", "must be at most % days long", NULL},
    {"beyond_horizon", "must begin within % days from now: bookings cannot be farther ahead", NULL},
    {"next_date", "must end on the next date: a night runs from check-in to check-out", NULL},
    {"between_dates", "leaves % minutes from a closing to the next opening: less than the buffers take", NULL},
    {"no_length", "leaves no length that a booking could have", NULL},
    {"no_hours", "leaves no room within the opening hours", NULL},
    {"only_for_named", "is only for units_mode named", NULL},
    {"only_for_dates", "is only for listings that are sold by the day or night", NULL},
    {"only_for_hours", "is only for listings that are sold by the hour or session", NULL},
    {"exists", "does not exist", NULL},
    {"not_archived", "is archived", NULL},
    {"belongs_to_type", "is no property of the type %", NULL},
    {"form", "must be %", NULL},
    {"unique", "stands twice", NULL},
    {"one_currency", "must be %, as the base price is", NULL},
    {"negative_price", "must be at least %, or a booking would cost less than nothing", NULL},
    {"only_for_enums", "is only for the kinds enum and multi_enum", NULL},
    {"only_for_numbers", "is only for the kind number", NULL},
    {"cursor", "is no cursor of this list: begin without one", NULL},
    {"schema", "is no sound JSON Schema: %", "is no sound JSON Schema"},
    {"common_password", "is a password that many people use", NULL},
    {"context_word", "is made of the name, the address or our name", NULL},
};

static const struct sentence formats[] = {
    {"date-time", "must be a time such as 2027-01-31T10:00:00Z", NULL},
    {"date", "must be a date such as 2027-01-31", NULL},
    {"email", "must be an e-mail address", NULL},
    {"uri", "must be a URI", NULL},
    {"uuid", "must be a UUID in lower case", NULL},
    {"display-name", "must be a name on one line, without control characters", NULL},
    {"line", "must be text on one line, without control characters", NULL},
    {"currency", "must be a currency of ISO 4217 such as NOK", NULL},
    {"country", "must be a country of ISO 3166-1 such as NO", NULL},
    {"language-tag", "must be a language tag such as nb-NO", NULL},
    {"time-zone", "must be an IANA time zone such as Europe/Oslo", NULL},
};

static const struct sentence *find(const struct sentence *table, size_t count, const char *rule)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].rule, rule) == 0)
			return &table[i];
	return NULL;
}

/* A text of bounded size. */
struct line {
	char *text;
	size_t length, limit;
	bool full;
};

static void put(struct line *line, const char *bytes, size_t length)
{
	line->full = line->full || line->length + length > line->limit;
	if (line->full)
		return;
	memcpy(line->text + line->length, bytes, length);
	line->length += length;
	line->text[line->length] = '\0';
}

/* One character, well-formed or not, so that it can be seen. */
static void put_character(struct line *line, const char *bytes, size_t size, bool valid)
{
	unsigned point = (unsigned char)bytes[0];
	if (valid && (point == ' ' || text_is_line(bytes, size))) {
		put(line, bytes, size);
		return;
	}
	if (valid && size > 1) {
		point &= 0x7FU >> size;
		for (size_t i = 1; i < size; i++)
			point = point << 6 | ((unsigned char)bytes[i] & 0x3FU);
	}
	char escape[16];
	int length = snprintf(escape, sizeof(escape), "\\u%04x", point);
	put(line, escape, (size_t)length);
}

/* At most `most` bytes of the text, whole characters, and a mark where it was cut. */
static void put_text(struct line *line, const char *text, size_t length, size_t most)
{
	size_t limit = line->length + most < line->limit ? line->length + most : line->limit;
	struct line part = {.text = line->text, .length = line->length, .limit = limit};
	bool valid;
	for (size_t i = 0, size; i < length && !part.full; i += size) {
		size = utf8_step((const unsigned char *)text + i, length - i, &valid);
		put_character(&part, text + i, size, valid);
	}
	line->length = part.length;
	if (part.full)
		put(line, CUT, strlen(CUT));
}

/* Where another field is named: by its last name beside the first one, else by its path. */
static const char *relative(const char *path, const char *other, size_t *length)
{
	const char *slash = strrchr(path, '/');
	size_t parent = slash ? (size_t)(slash - path) + 1 : 0;
	size_t shared = strncmp(path, other, parent) == 0 ? parent : 1;
	*length -= shared;
	return other + shared;
}

/* What is expected, without the quotes and brackets of JSON. */
static void put_expected(struct line *line, const char *path, const char *expected)
{
	size_t length = strlen(expected);
	if (length >= 2 && (expected[0] == '"' || expected[0] == '[')) {
		expected++;
		length -= 2;
	}
	if (strncmp(expected, "/params/", 8) == 0)
		expected = relative(path, expected, &length);
	size_t kept = 0;
	char plain[SCHEMA_EXPECTED_MAX];
	for (size_t i = 0; i < length && kept < sizeof(plain) - 1; i++) {
		if (expected[i] == '"')
			continue;
		plain[kept++] = expected[i];
		if (expected[i] == ',' && i + 1 < length && expected[i + 1] != ' ' && kept < sizeof(plain) - 1)
			plain[kept++] = ' ';
	}
	put_text(line, plain, kept, SHOWN_EXPECTED);
}

static void put_sentence(struct line *line, const char *text, const char *path, const char *expected)
{
	const char *mark = strchr(text, '%');
	size_t length = mark ? (size_t)(mark - text) : strlen(text);
	put(line, text, length);
	if (!mark || !expected)
		return;
	put_expected(line, path, expected);
	put(line, mark + 1, strlen(mark + 1));
}

/* "must be a string", "must be an object or null". */
static void put_type(struct line *line, const char *expected)
{
	const char *before = "must be ";
	for (const char *quote = strchr(expected, '"'); quote; quote = strchr(quote, '"')) {
		const char *word = quote + 1;
		size_t length = strcspn(word, "\"");
		bool null = length == 4 && memcmp(word, "null", 4) == 0;
		const char *article = null ? "" : strchr("aeiou", *word) ? "an " : "a ";
		put(line, before, strlen(before));
		put(line, article, strlen(article));
		put(line, word, length);
		before = " or ";
		quote = word + length + (word[length] != '\0');
	}
}

static const char *unknown_member(const char *path)
{
	const char *name = strncmp(path, "/params/", 8) == 0 ? path + 8 : "/";
	return !strchr(name, '/') ? "is no parameter of this method" : "is no member of this object";
}

static void put_rule(struct line *line, const char *path, const char *rule, const char *expected)
{
	const struct sentence *known = find(sentences, ARRAY_SIZE(sentences), rule);
	char format[32] = "";
	if (strcmp(rule, "format") == 0 && expected && sscanf(expected, "\"%31[^\"]", format) == 1)
		known = find(formats, ARRAY_SIZE(formats), format);
	bool bare = known && !expected && strchr(known->text, '%');
	if (strcmp(rule, "type") == 0 && expected)
		put_type(line, expected);
	else if (strcmp(rule, "additionalProperties") == 0)
		put_sentence(line, unknown_member(path), path, NULL);
	else if (strcmp(rule, "minLength") == 0 && expected && strcmp(expected, "1") == 0)
		put_sentence(line, "must not be empty", path, NULL);
	else if (known && (!bare || known->without))
		put_sentence(line, bare ? known->without : known->text, path, expected);
	else if (expected) {
		put_sentence(line, "breaks the rule ", path, NULL);
		put_text(line, rule, strlen(rule), SHOWN_EXPECTED);
		put_sentence(line, " (%)", path, expected);
	} else {
		put_sentence(line, "breaks the rule ", path, NULL);
		put_text(line, rule, strlen(rule), SHOWN_EXPECTED);
	}
}

void field_message(const char *path, const char *rule, const char *expected, size_t others,
		   char target[static FIELD_MESSAGE_SIZE])
{
	struct line line = {.text = target, .limit = FIELD_MESSAGE_SIZE - 1};
	const char *shown = *path == '/' ? path + 1 : path;
	target[0] = '\0';
	put_text(&line, shown, strlen(shown), SHOWN_PATH);
	put(&line, ": ", 2);
	put_rule(&line, path, rule, expected);
	if (others == 0)
		return;
	char more[32];
	int length = snprintf(more, sizeof(more), " (and %zu more)", others);
	put(&line, more, (size_t)length);
}

void field_message_of(const struct schema_result *result, char target[static FIELD_MESSAGE_SIZE])
{
	const struct schema_error *first = &result->errors[0];
	field_message(first->path, first->rule, first->expected, result->count - 1, target);
}
