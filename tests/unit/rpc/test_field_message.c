/* The sentences of broken rules: what a front-end developer reads of invalid_params. */
#include "base/text.h"
#include "rpc/field_message.h"
#include "unit.h"

#include <string.h>

static char message[FIELD_MESSAGE_SIZE];

static void assert_says(const char *path, const char *rule, const char *expected, const char *text)
{
	field_message(path, rule, expected, 0, message);
	assert_string_equal(message, text);
}

static void test_names_field_and_rule(void **state)
{
	(void)state;
	assert_says("/params/id", "required", "true", "params/id: must be given");
	assert_says("/params/nope", "additionalProperties", "false", "params/nope: is no parameter of this method");
	assert_says("/params/period/x", "additionalProperties", "false",
		    "params/period/x: is no member of this object");
	assert_says("/params/id", "type", "\"string\"", "params/id: must be a string");
	assert_says("/params/n", "type", "[\"integer\",\"null\"]", "params/n: must be an integer or null");
	assert_says("/params/kind", "enum", "[\"a\",\"b\"]", "params/kind: must be one of a, b");
	assert_says("/params/kind", "enum", NULL, "params/kind: is none of the values allowed");
	assert_says("/params/name", "maxLength", "200", "params/name: must have at most 200 characters");
	assert_says("/params/name", "minLength", "1", "params/name: must not be empty");
	assert_says("/params/limit", "maximum", "100", "params/limit: must be at most 100");
	assert_says("/params/id", "format", "\"uuid\"", "params/id: must be a UUID in lower case");
	assert_says("/params/id", "format", "\"odd\"", "params/id: breaks the rule format (odd)");
	assert_says("/params/x", "odd_rule", NULL, "params/x: breaks the rule odd_rule");
	assert_says("/params", "type", "\"object\"", "params: must be an object");
}

static void test_names_other_fields_shortly(void **state)
{
	(void)state;
	assert_says("/params/period/to", "after", "\"/params/period/from\"", "params/period/to: must be after from");
	assert_says("/params/a/to", "after", "\"/params/b/from\"", "params/a/to: must be after params/b/from");
	assert_says("/params/expires_at", "after", "\"now\"", "params/expires_at: must be after now");
}

static void test_counts_the_others(void **state)
{
	struct schema_result result = {.count = 3, .errors = {{"/params/id", "required", "true"}}};
	(void)state;
	field_message_of(&result, message);
	assert_string_equal(message, "params/id: must be given (and 2 more)");
}

static void test_shows_what_cannot_be_seen(void **state)
{
	(void)state;
	assert_says("/params/a\nb", "additionalProperties", "false",
		    "params/a\\u000ab: is no parameter of this method");
	assert_says("/params/\xE2\x80\xAE!", "additionalProperties", "false",
		    "params/\\u202e!: is no parameter of this method");
	assert_says("/params/ein Wort \xC3\xA4", "additionalProperties", "false",
		    "params/ein Wort \xC3\xA4: is no parameter of this method");
}

/* However long names and values are, the line is whole characters and the rule stands in it. */
static void test_stays_one_short_line(void **state)
{
	char path[1000] = "/params/", expected[SCHEMA_EXPECTED_MAX + 1] = "\"";
	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		size_t at = strlen("/params/");
		memset(path + at, 'x', shift);
		for (size_t i = at + shift; i + 3 < sizeof(path); i += 2)
			memcpy(path + i, "\xC3\xA4", 3);
		field_message(path, "additionalProperties", "false", 7, message);
		assert_true(text_valid_utf8(message, strlen(message)));
		assert_non_null(strstr(message, "...: is no parameter of this method (and 7 more)"));
		for (size_t i = 1; i + 3 < sizeof(expected); i += 2)
			memcpy(expected + i, "\xC3\xA4", 3);
		field_message(path, "pattern", expected, 7, message);
		assert_true(text_valid_utf8(message, strlen(message)) && strlen(message) < FIELD_MESSAGE_SIZE);
		assert_non_null(strstr(message, "...: must match "));
		field_message(path, "patternProperties", expected, 7, message);
		assert_true(strlen(message) < FIELD_MESSAGE_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_field_and_rule), cmocka_unit_test(test_names_other_fields_shortly),
	    cmocka_unit_test(test_counts_the_others),	 cmocka_unit_test(test_shows_what_cannot_be_seen),
	    cmocka_unit_test(test_stays_one_short_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
