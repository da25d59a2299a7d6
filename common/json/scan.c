#include "json/scan.h"

#include "json/names.h"
#include "json/text.h"

#include <string.h>

const char *json_fault_text(enum json_fault fault)
{
	static const char *const texts[] = {"no fault",
#define X(name, text) text,
					    JSON_FAULTS(X)
#undef X
	};
	return (size_t)fault < ARRAY_SIZE(texts) ? texts[fault] : "unknown fault";
}

/* Kind of value by its first byte; zero elsewhere. */
static const unsigned char kinds[256] = {
    ['{'] = JSON_OBJECT, ['['] = JSON_ARRAY,  ['"'] = JSON_STRING, ['t'] = JSON_TRUE,	['f'] = JSON_FALSE,
    ['n'] = JSON_NULL,	 ['-'] = JSON_NUMBER, ['0'] = JSON_NUMBER, ['1'] = JSON_NUMBER, ['2'] = JSON_NUMBER,
    ['3'] = JSON_NUMBER, ['4'] = JSON_NUMBER, ['5'] = JSON_NUMBER, ['6'] = JSON_NUMBER, ['7'] = JSON_NUMBER,
    ['8'] = JSON_NUMBER, ['9'] = JSON_NUMBER,
};

static bool is_space(char character)
{
	return character == ' ' || character == '\n' || character == '\t' || character == '\r';
}

/* Skips white space; the character that follows, or 0 at the end (which no grammar rule accepts either). */
static char next_character(struct json_scanner *scanner)
{
	const char *cursor = scanner->cursor, *end = scanner->end;
	while (cursor < end && is_space(*cursor))
		cursor++;
	scanner->cursor = cursor;
	return cursor < end ? *cursor : '\0';
}

bool json_scan_fail(struct json_scanner *scanner, enum json_fault fault)
{
	if (scanner->error.fault == JSON_OK)
		scanner->error =
		    (struct json_error){.fault = fault, .offset = (size_t)(scanner->cursor - scanner->start)};
	return false;
}

bool json_scan_unfit(struct json_scanner *scanner, enum json_fault fault, const char *at)
{
	if (!scanner->tolerant) {
		scanner->cursor = at;
		return json_scan_fail(scanner, fault);
	}
	if (scanner->unfit.fault == JSON_OK)
		scanner->unfit = (struct json_error){.fault = fault, .offset = (size_t)(at - scanner->start)};
	return true;
}

static bool fail_unexpected(struct json_scanner *scanner)
{
	bool ended = scanner->cursor == scanner->end;
	return json_scan_fail(scanner, ended ? JSON_FAULT_UNEXPECTED_END : JSON_FAULT_UNEXPECTED_CHARACTER);
}

void json_scanner_init(struct json_scanner *scanner, const char *text, size_t length, unsigned max_depth,
		       struct arena *arena)
{
	/* Not zeroed as a whole: this runs for every request, and the levels are written before they are read. */
	scanner->start = scanner->cursor = text;
	scanner->end = text + length;
	scanner->arena = arena;
	scanner->error = (struct json_error){.fault = JSON_OK};
	scanner->unfit = (struct json_error){.fault = JSON_OK};
	scanner->max_depth = max_depth > JSON_DEPTH_MAX ? JSON_DEPTH_MAX : max_depth;
	scanner->depth = 0;
	scanner->allow_nul = false;
	scanner->tolerant = false;
	scanner->names = scanner->first_names;
	scanner->name_count = 0;
	scanner->name_capacity = JSON_SCANNER_NAMES;
	scanner->table = NULL;
	if (length > JSON_TEXT_MAX)
		(void)json_scan_fail(scanner, JSON_FAULT_LENGTH);
}

enum json_kind json_scan_peek(struct json_scanner *scanner)
{
	return (enum json_kind)kinds[(unsigned char)next_character(scanner)];
}

static bool open_level(struct json_scanner *scanner, bool object)
{
	if (scanner->depth == scanner->max_depth)
		return json_scan_fail(scanner, JSON_FAULT_DEPTH);
	scanner->depth++;
	scanner->levels[scanner->depth] = (struct json_level){.first_name = scanner->name_count, .object = object};
	scanner->cursor++;
	return true;
}

static void close_level(struct json_scanner *scanner)
{
	scanner->name_count = scanner->levels[scanner->depth].first_name;
	scanner->depth--;
	scanner->cursor++;
}

/* Reads a name and its colon. */
static bool scan_name(struct json_scanner *scanner, struct json_span *ret_name, bool *ret_escaped)
{
	if (next_character(scanner) != '"')
		return fail_unexpected(scanner);
	const char *name = ++scanner->cursor;
	if (!json_text_string(scanner, ret_escaped))
		return false;
	*ret_name = (struct json_span){name, (size_t)(scanner->cursor - 1 - name)};
	if (!json_names_add(scanner, *ret_name, *ret_escaped) &&
	    !json_scan_unfit(scanner, JSON_FAULT_DUPLICATE_NAME, name))
		return false;
	if (next_character(scanner) != ':')
		return fail_unexpected(scanner);
	scanner->cursor++;
	return true;
}

/* Inside a container: 1 when another element comes (behind the comma), 0 when it was closed, -1 on a fault. */
static int next_element(struct json_scanner *scanner, bool first)
{
	char closing = scanner->levels[scanner->depth].object ? '}' : ']';
	char character = next_character(scanner);
	if (character == closing) {
		close_level(scanner);
		return 0;
	}
	if (first)
		return 1;
	if (character != ',') {
		(void)fail_unexpected(scanner);
		return -1;
	}
	scanner->cursor++;
	return 1;
}

bool json_scan_enter(struct json_scanner *scanner, enum json_kind kind)
{
	if (scanner->error.fault != JSON_OK)
		return false;
	if (json_scan_peek(scanner) != kind)
		return fail_unexpected(scanner);
	return open_level(scanner, kind == JSON_OBJECT);
}

int json_scan_member(struct json_scanner *scanner, bool first, struct json_span *ret_name, bool *ret_escaped)
{
	int step = next_element(scanner, first);
	if (step == 1 && !scan_name(scanner, ret_name, ret_escaped))
		return -1;
	return step;
}

int json_scan_item(struct json_scanner *scanner, bool first)
{
	return next_element(scanner, first);
}

static bool scan_literal(struct json_scanner *scanner, const char *literal, size_t length)
{
	if ((size_t)(scanner->end - scanner->cursor) < length || memcmp(scanner->cursor, literal, length) != 0)
		return json_scan_fail(scanner, JSON_FAULT_LITERAL);
	scanner->cursor += length;
	return true;
}

/* Skips one scalar, or enters one container. */
static bool begin_value(struct json_scanner *scanner, enum json_kind kind)
{
	bool escaped;
	switch (kind) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		return open_level(scanner, kind == JSON_OBJECT);
	case JSON_STRING:
		scanner->cursor++;
		return json_text_string(scanner, &escaped);
	case JSON_NUMBER:
		return json_text_number(scanner);
	case JSON_TRUE:
		return scan_literal(scanner, "true", 4);
	case JSON_FALSE:
		return scan_literal(scanner, "false", 5);
	case JSON_NULL:
		return scan_literal(scanner, "null", 4);
	case JSON_NOTHING:
		break;
	}
	return fail_unexpected(scanner);
}

/* Goes on behind a value, or behind the opening of a container, to where the next value starts, closing what ends.
 * Stops when the containers above depth base are closed. */
static bool advance(struct json_scanner *scanner, uint32_t base, bool first)
{
	struct json_span name;
	bool escaped;
	while (scanner->depth > base) {
		int step = next_element(scanner, first);
		if (step < 0)
			return false;
		if (step > 0)
			return !scanner->levels[scanner->depth].object || scan_name(scanner, &name, &escaped);
		first = false;
	}
	return true;
}

bool json_scan_value(struct json_scanner *scanner, struct json_span *ret_value)
{
	uint32_t base = scanner->depth;
	if (scanner->error.fault != JSON_OK)
		return false;
	enum json_kind kind = json_scan_peek(scanner);
	const char *start = scanner->cursor;
	for (;;) {
		if (!begin_value(scanner, kind) || !advance(scanner, base, kind <= JSON_ARRAY))
			return false;
		if (scanner->depth == base)
			break;
		kind = json_scan_peek(scanner);
	}
	*ret_value = (struct json_span){start, (size_t)(scanner->cursor - start)};
	return true;
}

bool json_scan_finish(struct json_scanner *scanner)
{
	(void)next_character(scanner);
	return scanner->cursor == scanner->end || json_scan_fail(scanner, JSON_FAULT_TRAILING);
}

bool json_scan(const char *text, size_t length, unsigned max_depth, struct arena *arena, struct json_error *ret_error)
{
	struct json_scanner scanner;
	json_scanner_init(&scanner, text, length, max_depth, arena);
	if (json_scan_peek(&scanner) == JSON_NOTHING && scanner.cursor == scanner.end)
		(void)json_scan_fail(&scanner, JSON_FAULT_EMPTY);
	struct json_span value;
	if (json_scan_value(&scanner, &value) && json_scan_finish(&scanner))
		return true;
	*ret_error = scanner.error;
	return false;
}
