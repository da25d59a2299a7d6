/* What letters say of time and money, and how the values of a booking become lines. */
#include "base/clock.h"
#include "letters/booking_letter.h"
#include "letters/letter_words.h"
#include "unit.h"
#include "zone/zone.h"
#include "json/tree.h"

#include <string.h>

#define CONTENT                                                                                                \
	"{\"booking_id\":\"01932b5c-7a10-7000-8000-000000000021\",\"listing\":\"<b>Hall\\r\\nBcc: x@y.test\"," \
	"\"time_zone\":\"Europe/Oslo\",\"periods\":[{\"from\":\"2026-12-12T17:00:00Z\",\"to\":"                \
	"\"2026-12-12T22:00:00Z\"}],\"more\":3,\"units\":1,\"guests\":0,\"price\":{\"amount\":120050,"         \
	"\"currency\":\"NOK\"},\"note\":\"see https://evil.example\\n\\n@token\"}"

static int64_t at(const char *text)
{
	int64_t instant = 0;
	assert_true(clock_parse(text, &instant));
	return instant;
}

static void check_period(const char *locale, const char *name, const char *from, const char *to, const char *expected,
			 const char *expected_zone)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	const struct zone *zone = zone_find(name);
	assert_non_null(zone);
	assert_string_equal(letter_period(&ctx.arena, locale, zone, at(from), at(to)), expected);
	assert_string_equal(letter_zone(&ctx.arena, locale, name, zone, at(from), at(to)), expected_zone);
	context_done(&ctx);
}

static void test_times_are_those_of_the_venue(void **state)
{
	(void)state;
	check_period("en", "Europe/Oslo", "2026-12-12T17:00:00Z", "2026-12-12T22:00:00Z",
		     "Saturday, 12 December 2026, 18:00 – 23:00", "Europe/Oslo, UTC+01:00");
	check_period("ru", "Asia/Vladivostok", "2026-05-31T20:30:00Z", "2026-06-02T00:00:00Z",
		     "понедельник, 1 июня 2026 г., 06:30 – вторник, 2 июня 2026 г., 10:00",
		     "Asia/Vladivostok, UTC+10:00");
	check_period("en", "America/St_Johns", "2026-01-01T03:30:00Z", "2026-01-01T04:30:00Z",
		     "Thursday, 1 January 2026, 00:00 – 01:00", "America/St_Johns, UTC-03:30");
}

static void test_a_clock_that_changes_is_told(void **state)
{
	(void)state;
	check_period("en", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z",
		     "Sunday, 25 October 2026, 02:30 – 02:30", "Europe/Berlin, UTC+02:00, then UTC+01:00");
	check_period("ru", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z",
		     "воскресенье, 29 марта 2026 г., 01:30 – 03:30", "Europe/Berlin, UTC+01:00, затем UTC+02:00");
}

static void test_amounts_have_the_digits_of_their_currency(void **state)
{
	static const struct {
		const char *locale, *currency, *expected;
		int64_t amount;
	} examples[] = {
	    {"en", "EUR", "1,234,567.05 EUR", 123456705}, //
	    {"ru", "RUB", "1\u00A0200,00 RUB", 120000},
	    {"en", "JPY", "1,500 JPY", 1500},
	    {"en", "KWD", "0.001 KWD", 1},
	    {"en", "EUR", "-0.50 EUR", -50},
	    {"en", "EUR", "0.00 EUR", 0},
	    {"en", "???", "90,000,000,000,000.00 ???", 9000000000000000},
	};
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++)
		assert_string_equal(
		    letter_money(&ctx.arena, examples[i].locale, examples[i].amount, examples[i].currency),
		    examples[i].expected);
	context_done(&ctx);
}

static struct json_object *content(struct context *ctx, const char *text)
{
	struct json_object *tree = NULL;
	struct json_error error;
	assert_true(json_tree_parse(text, strlen(text), 8, 0, &ctx->arena, &tree, &error));
	return tree;
}

static void test_values_become_lines(void **state)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	(void)state;
	struct mail_letter letter = {.template_name = "booking_confirmed", .locale = "en", .link = "https://x/y"};
	struct json_object *values = content(&ctx, CONTENT);
	assert_int_equal(booking_letter_fill(&ctx, values, &letter), 0);
	struct mail_content written;
	assert_int_equal(mail_letter_write(&ctx, &letter, &written), 0);
	assert_string_equal(written.subject, "Booked: <b>Hall Bcc: x @ y. test");
	assert_non_null(strstr(written.text,
			       "When: Saturday, 12 December 2026, 18:00 – 23:00 (Europe/Oslo, UTC+01:00)\n"
			       "Further dates: 3\nPrice: 1,200.50 NOK\n"
			       "Note: see https: //evil. example @ token\n"));
	assert_null(strstr(written.text, "Guests"));
	assert_null(strstr(written.html, "<b>"));
	assert_non_null(strstr(written.html, "Price: 1,200.50 NOK<br>\n"));
	json_object_put(values);
	context_done(&ctx);
}

static void test_who_has_no_account_gets_no_link(void **state)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	(void)state;
	struct mail_letter letter = {.template_name = "booking_reminder", .locale = "ru", .no_account = true};
	struct json_object *values = content(&ctx, CONTENT);
	assert_int_equal(booking_letter_fill(&ctx, values, &letter), 0);
	struct mail_content written;
	assert_int_equal(mail_letter_write(&ctx, &letter, &written), 0);
	assert_null(strstr(written.html, "<a "));
	assert_null(strstr(written.text, "учётной"));
	json_object_put(values);
	context_done(&ctx);
}

static void test_every_template_has_its_kind(void **state)
{
	(void)state;
	assert_string_equal(booking_letter_kind("booking_waiting"), "requests");
	assert_string_equal(booking_letter_kind("booking_reminder"), "reminders");
	assert_null(booking_letter_kind("password_reset"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_times_are_those_of_the_venue),
	    cmocka_unit_test(test_a_clock_that_changes_is_told),
	    cmocka_unit_test(test_amounts_have_the_digits_of_their_currency),
	    cmocka_unit_test(test_values_become_lines),
	    cmocka_unit_test(test_who_has_no_account_gets_no_link),
	    cmocka_unit_test(test_every_template_has_its_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
