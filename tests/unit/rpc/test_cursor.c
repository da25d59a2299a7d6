/* List cursors: what they carry, what they are bound to, and that nobody can make one. */
#include "base/base64url.h"
#include "rpc/cursor.h"
#include "rpc/cursor_codec.h"
#include "rpc/page.h"
#include "rpc/write_fixture.h"

#include <string.h>

static const unsigned char secret[SECRET_SIZE] = "a secret of thirty-two bytes....";
static const struct cursor_binding binding = {secret, "events.listing.search", "type=hall"};

static void test_carries_values(void **state)
{
	static const char *const values[] = {"12.50", NULL, "", "Z\xc3\xbcrich \"quoted\" \\ \n", WRITE_USER};
	struct arena arena = {0};
	const char *text = cursor_encode(&arena, &binding, CURSOR_SIZE_MAX, ARRAY_SIZE(values), values);
	(void)state;
	assert_non_null(text);
	assert_true(strlen(text) <= CURSOR_SIZE_MAX);
	assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
			 strlen(text));
	const char *read[ARRAY_SIZE(values)];
	assert_true(cursor_decode(&arena, &binding, text, ARRAY_SIZE(values), read));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (values[i])
			assert_string_equal(read[i], values[i]);
		else
			assert_null(read[i]);
	}
	assert_false(cursor_decode(&arena, &binding, text, ARRAY_SIZE(values) - 1, read));
	arena_done(&arena);
}

static void test_is_bound(void **state)
{
	static const unsigned char other_secret[SECRET_SIZE] = "b secret of thirty-two bytes....";
	const struct cursor_binding others[] = {
	    {other_secret, binding.method, binding.scope},  {secret, "events.listing.mine", binding.scope},
	    {secret, binding.method, "type=studio"},	    {secret, binding.method, ""},
	    {secret, "events.listing.searcht", "ype=hall"}, /* the same characters, divided elsewhere */
	};
	const char *value = "1", *read;
	struct arena arena = {0};
	const char *text = cursor_encode(&arena, &binding, CURSOR_SIZE_MAX, 1, &value);
	(void)state;
	assert_true(cursor_decode(&arena, &binding, text, 1, &read));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(cursor_decode(&arena, &others[i], text, 1, &read));
	arena_done(&arena);
}

static void test_refuses_tampering(void **state)
{
	const char *value = "1", *read;
	struct arena arena = {0};
	char *text = arena_strdup(&arena, cursor_encode(&arena, &binding, CURSOR_SIZE_MAX, 1, &value));
	size_t length = strlen(text);
	(void)state;
	for (size_t i = 0; i < length; i++) {
		char was = text[i];
		text[i] = was == 'A' ? 'B' : 'A';
		assert_false(cursor_decode(&arena, &binding, text, 1, &read));
		text[i] = '=';
		assert_false(cursor_decode(&arena, &binding, text, 1, &read));
		text[i] = '\0';
		assert_false(cursor_decode(&arena, &binding, text, 1, &read));
		text[i] = was;
	}
	assert_true(cursor_decode(&arena, &binding, text, 1, &read));
	assert_false(cursor_decode(&arena, &binding, arena_printf(&arena, "%sA", text), 1, &read));
	arena_done(&arena);
}

static void test_refuses_values_that_are_too_long(void **state)
{
	struct arena arena = {0};
	char *value = arena_alloc(&arena, 2001);
	(void)state;
	memset(value, 'a', 2000);
	value[2000] = '\0';
	assert_null(cursor_encode(&arena, &binding, CURSOR_SIZE_MAX, 1, (const char *const *)&value));
	value[700] = '\0';
	assert_non_null(cursor_encode(&arena, &binding, CURSOR_SIZE_MAX, 1, (const char *const *)&value));
	arena_done(&arena);
}

/* As a list method uses it, without a database. */
static void test_serves_a_list(void **state)
{
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	secret_set("cursor", secret);
	struct rpc_call first = write_call(&ctx, NULL, "{}");
	const char *values[2], *next;
	assert_int_equal(cursor_read(&first, "s", 2, values), 0);
	assert_null(values[0]);
	assert_null(values[1]);
	next = cursor_make(&first, "s", 2, (const char *const[]){"7", "id"});
	assert_non_null(next);
	const char *params = arena_printf(&ctx.arena, "{\"cursor\":\"%s\"}", next);
	struct rpc_call second = write_call(&ctx, NULL, params);
	assert_int_equal(cursor_read(&second, "s", 2, values), 0);
	assert_string_equal(values[0], "7");
	assert_string_equal(values[1], "id");
	struct rpc_call third = write_call(&ctx, NULL, params);
	assert_int_equal(cursor_read(&third, "other filters", 2, values), -1);
	assert_int_equal(ctx.error.code, ERROR_INVALID_PARAMS);
	assert_non_null(strstr(ctx.error.details, "/params/cursor"));
	secret_set("cursor", NULL);
	context_done(&ctx);
}

/* Replicas that start on an empty database at once get one secret. */
WRITE_TEST(shares_its_secret)
{
	struct pg *pg = write_pg(write_database(ctx), 0);
	const unsigned char *made = secret_get(ctx, pg, "cursor");
	assert_non_null(made);
	unsigned char first[SECRET_SIZE];
	memcpy(first, made, SECRET_SIZE);
	secret_set("cursor", NULL); /* as another process would */
	const unsigned char *again = secret_get(ctx, pg, "cursor");
	assert_non_null(again);
	assert_memory_equal(first, again, SECRET_SIZE);
	assert_int_equal(write_number(ctx, pg, "SELECT count(*) FROM daemon_secret"), 1);
	secret_set("cursor", NULL);
	pg_free(pg);
}

/* A place in a list that cannot be said is an error of the page, never a cursor of its own. */
WRITE_TEST(a_page_whose_cursor_cannot_be_made_is_an_error)
{
	struct pg *pg = write_pg(write_database(ctx), 0);
	struct rpc_call call = write_call(ctx, pg, "{\"limit\":2}");
	secret_set("cursor", secret);
	struct pg_result *rows =
	    pg_read(ctx, pg, "SELECT '{}', repeat('a', 2000), n FROM generate_series(1, 3) AS n ORDER BY n");
	assert_non_null(rows);
	assert_int_equal(rpc_reply_page(&call, rows, NULL, 2, NULL), -1);
	assert_int_equal(ctx->error.code, ERROR_INTERNAL);
	assert_null(call.result);
	secret_set("cursor", NULL);
	pg_free(pg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_carries_values),
	    cmocka_unit_test(test_is_bound),
	    cmocka_unit_test(test_refuses_tampering),
	    cmocka_unit_test(test_refuses_values_that_are_too_long),
	    cmocka_unit_test(test_serves_a_list),
	    cmocka_unit_test(shares_its_secret),
	    cmocka_unit_test(a_page_whose_cursor_cannot_be_made_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
