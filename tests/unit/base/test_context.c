#include "base/context.h"
#include "base/ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_codes_words_and_numbers_agree(void **state)
{
	(void)state;
	assert_int_equal(error_number(ERROR_CONFLICT), -32009);
	assert_string_equal(error_word(ERROR_DEADLINE_EXCEEDED), "deadline_exceeded");
	assert_int_equal(error_from_number(-32700), ERROR_PARSE);
	assert_int_equal(error_from_number(-1), ERROR_INTERNAL);
	assert_int_equal(error_from_number(0), ERROR_INTERNAL);
	assert_int_equal(error_number((enum error_code)999), -32603);
#define X(name, number, word)                                      \
	assert_int_equal(error_number(ERROR_##name), number);      \
	assert_int_equal(error_from_number(number), ERROR_##name); \
	assert_string_equal(error_word(ERROR_##name), word);
	ERROR_CODES(X)
#undef X
}

static void test_first_error_wins(void **state)
{
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	assert_int_equal(ctx.error.code, ERROR_NONE);
	assert_int_equal(context_fail(&ctx, ERROR_NOT_FOUND, "listing", "no listing %d", 7), -1);
	int line = __LINE__ - 1;
	assert_int_equal(context_fail(&ctx, ERROR_CONFLICT, "stale_version", "x"), -1);
	assert_int_equal(context_fail_internal(&ctx, "later"), -1);
	assert_int_equal(ctx.error.code, ERROR_NOT_FOUND);
	assert_string_equal(ctx.error.reason, "listing");
	assert_string_equal(ctx.error.message, "no listing 7");
	assert_string_equal(ctx.error.cause, "");
	assert_int_equal(ctx.error.line, line);
	assert_non_null(strstr(ctx.error.file, "test_context.c"));
	context_done(&ctx);
}

static void test_cause_is_kept_apart_from_the_message(void **state)
{
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	assert_int_equal(context_fail_internal(&ctx, "%s said %d", "postgres", 42), -1);
	assert_int_equal(ctx.error.code, ERROR_INTERNAL);
	assert_string_equal(ctx.error.message, "");
	assert_string_equal(ctx.error.cause, "postgres said 42");
	error_set_cause(&ctx.error, "another");
	assert_string_equal(ctx.error.cause, "postgres said 42");
	context_done(&ctx);
}

static void test_clear_forgets_everything(void **state)
{
	(void)state;
	struct error error = {0};
	assert_int_equal(error_set(&error, ERROR_RATE_LIMITED, "burst", "slow down"), -1);
	error.retry_after_ms = 100;
	error.details = "{}";
	memcpy(error.sqlstate, "23P01", 6);
	memcpy(error.constraint, "x", 2);
	error_set_cause(&error, "y");
	error_clear(&error);
	assert_int_equal(error.code, ERROR_NONE);
	assert_int_equal(error.retry_after_ms, 0);
	assert_null(error.details);
	assert_string_equal(error.reason, "");
	assert_string_equal(error.message, "");
	assert_string_equal(error.cause, "");
	assert_string_equal(error.sqlstate, "");
	assert_string_equal(error.constraint, "");
	assert_int_equal(error_set(&error, ERROR_NONE, NULL, NULL), -1);
	assert_int_equal(error.code, ERROR_INTERNAL);
}

static void test_messages_stay_one_valid_line(void **state)
{
	(void)state;
	struct error error = {0};
	char text[600];
	memset(text, 0, sizeof(text));
	for (size_t i = 0; i + 2 < sizeof(text); i += 2) {
		text[i] = '\xD0';
		text[i + 1] = '\x96';
	}
	assert_int_equal(error_set(&error, ERROR_CONFLICT, NULL, "x%s", text), -1);
	/* 199 bytes: x and 99 letters of two bytes. */
	assert_int_equal(strlen(error.message), 199);
	error_clear(&error);
	assert_int_equal(error_set(&error, ERROR_CONFLICT, NULL, "%s", text), -1);
	assert_int_equal(strlen(error.message), 198);
	error_clear(&error);
	assert_int_equal(error_set(&error, ERROR_CONFLICT, NULL, "two\nlines\r\tend"), -1);
	assert_string_equal(error.message, "two lines  end");
	error_clear(&error);
	assert_int_equal(error_set(&error, ERROR_CONFLICT, text, NULL), -1);
	assert_int_equal(strlen(error.reason), sizeof(error.reason) - 1);
}

struct trace {
	struct context *ctx;
	char order[16];
	size_t count;
};

static void note(struct trace *trace, char name)
{
	trace->order[trace->count++] = name;
}

static void note_a(void *argument)
{
	note(argument, 'a');
}

static void note_b(void *argument)
{
	note(argument, 'b');
}

static void note_c_and_defer_a(void *argument)
{
	struct trace *trace = argument;
	note(trace, 'c');
	context_defer(trace->ctx, note_a, trace);
}

static void test_clean_ups_run_last_first_and_once(void **state)
{
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct trace trace = {.ctx = &ctx};
	context_defer(&ctx, note_a, &trace);
	context_defer(&ctx, note_b, &trace);
	context_defer(&ctx, note_c_and_defer_a, &trace);
	context_done(&ctx);
	assert_string_equal(trace.order, "caba");
	context_done(&ctx);
	assert_string_equal(trace.order, "caba");
}

static void test_new_context_is_ready(void **state)
{
	(void)state;
	struct context first;
	memset(&first, 0xA5, sizeof(first));
	context_init(&first, 12345);
	struct context second;
	context_init(&second, DEADLINE_NEVER);
	assert_int_equal(first.deadline, 12345);
	assert_true(uuid_valid(first.request_id));
	assert_string_not_equal(first.request_id, second.request_id);
	assert_string_equal(first.traceparent, "");
	assert_null(first.method);
	assert_null(first.user);
	assert_null(first.error.details);
	assert_int_equal(first.error.code, ERROR_NONE);
	assert_int_equal(first.arena.total, 0);
	first.user = arena_strdup(&first.arena, "somebody");
	context_done(&first);
	assert_null(first.user);
	context_done(&second);
}

static void test_restart_begins_anew_with_the_same_block(void **state)
{
	(void)state;
	struct context ctx;
	context_init(&ctx, 1);
	struct trace trace = {.ctx = &ctx};
	context_defer(&ctx, note_a, &trace);
	(void)arena_alloc(&ctx.arena, 100000);
	ctx.method = arena_strdup(&ctx.arena, "a.b.c");
	assert_int_equal(context_fail(&ctx, ERROR_CONFLICT, "x", NULL), -1);
	char old_id[REQUEST_ID_SIZE];
	memcpy(old_id, ctx.request_id, sizeof(old_id));
	context_restart(&ctx, 2);
	assert_string_equal(trace.order, "a");
	assert_int_equal(ctx.arena.total, 4096);
	assert_int_equal(ctx.deadline, 2);
	assert_int_equal(ctx.error.code, ERROR_NONE);
	assert_null(ctx.method);
	assert_string_not_equal(ctx.request_id, old_id);
	context_done(&ctx);
	assert_string_equal(trace.order, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_codes_words_and_numbers_agree),
	    cmocka_unit_test(test_first_error_wins),
	    cmocka_unit_test(test_cause_is_kept_apart_from_the_message),
	    cmocka_unit_test(test_clear_forgets_everything),
	    cmocka_unit_test(test_messages_stay_one_valid_line),
	    cmocka_unit_test(test_clean_ups_run_last_first_and_once),
	    cmocka_unit_test(test_new_context_is_ready),
	    cmocka_unit_test(test_restart_begins_anew_with_the_same_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
