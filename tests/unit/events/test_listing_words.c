/* What of an update of a published listing waits for moderators, and what does not. */
#include "catalogue/listing_words.h"
#include "unit.h"
#include "json/tree.h"

#include <string.h>

static const char published[] = "{\"title\":\"Hall\",\"description\":\"By the water.\",\"address\":\"\","
				"\"properties\":{\"area\":140,\"rules\":\"No smoking\",\"stage\":true}}";

static bool is_words(const void *argument, const char *key)
{
	(void)argument;
	return strcmp(key, "rules") == 0 || strcmp(key, "transport") == 0;
}

static struct json_object *parse(struct context *ctx, const char *text)
{
	struct json_object *tree = NULL;
	struct json_error error;
	assert_true(json_tree_parse(text, strlen(text), 8, 0, &ctx->arena, &tree, &error));
	return tree;
}

/* One update; waiting and the fields expected are NULL for none. */
static void check(const char *waiting, const char *params, const char *now, const char *fields, bool changed)
{
	struct context ctx;
	context_init(&ctx, deadline_after(CLOCK_SECOND));
	struct listing_words_update update = {
	    .published = parse(&ctx, published),
	    .waiting = waiting ? parse(&ctx, waiting) : NULL,
	    .params = parse(&ctx, params),
	    .is_words = is_words,
	};
	struct json_object *wanted[] = {parse(&ctx, now), parse(&ctx, fields ? fields : "{}")};
	struct listing_words_split split = listing_words_split(&ctx, &update);
	struct json_object *got[] = {parse(&ctx, split.now), parse(&ctx, split.fields)};
	for (size_t i = 0; i < 2; i++) {
		if (!json_tree_equal(got[i], wanted[i]))
			print_error("%s: %s and %s\n", params, split.now, split.fields);
		assert_true(json_tree_equal(got[i], wanted[i]));
		json_object_put(got[i]);
		json_object_put(wanted[i]);
	}
	assert_int_equal(split.waits, fields != NULL);
	assert_int_equal(split.changed, changed);
	json_object_put(update.published);
	json_object_put(update.waiting);
	json_object_put(update.params);
	context_done(&ctx);
}

static void test_words_wait_and_the_rest_does_not(void **state)
{
	(void)state;
	check(NULL, "{\"id\":\"x\",\"version\":3,\"price\":null}", "{\"id\":\"x\",\"version\":3,\"price\":null}", NULL,
	      false);
	check(NULL, "{\"title\":\"Barn\",\"capacity\":5}", "{\"capacity\":5}", "{\"title\":\"Barn\"}", true);
	check(NULL, "{\"description\":\"\",\"address\":\"Quay 1\"}", "{}",
	      "{\"description\":\"\",\"address\":\"Quay 1\"}", true);
	check(NULL, "{\"title\":null,\"images\":[]}", "{\"images\":[]}", NULL, false);
}

static void test_words_as_published_do_not_wait(void **state)
{
	(void)state;
	check(NULL, "{\"title\":\"Hall\",\"address\":\"Quay 1\"}", "{}", "{\"address\":\"Quay 1\"}", true);
	check("{\"title\":\"Barn\"}", "{\"title\":\"Hall\"}", "{}", NULL, true);
	check("{\"title\":\"Barn\",\"address\":\"Quay 1\"}", "{\"title\":\"Hall\"}", "{}", "{\"address\":\"Quay 1\"}",
	      true);
}

static void test_a_later_change_adds_to_the_one_that_waits(void **state)
{
	(void)state;
	check("{\"title\":\"Barn\"}", "{\"description\":\"New.\"}", "{}",
	      "{\"title\":\"Barn\",\"description\":\"New.\"}", true);
	check("{\"title\":\"Barn\"}", "{\"title\":\"Loft\"}", "{}", "{\"title\":\"Loft\"}", true);
	check("{\"title\":\"Barn\"}", "{\"units\":2}", "{\"units\":2}", "{\"title\":\"Barn\"}", false);
	check("{\"title\":\"Barn\"}", "{\"title\":\"Barn\"}", "{}", "{\"title\":\"Barn\"}", false);
}

static void test_properties_are_words_where_people_write_them(void **state)
{
	(void)state;
	check(NULL, "{\"properties\":{\"area\":150,\"rules\":\"Smoke\",\"transport\":\"Bus\"}}",
	      "{\"properties\":{\"area\":150,\"rules\":\"No smoking\"}}",
	      "{\"properties\":{\"rules\":\"Smoke\",\"transport\":\"Bus\"}}", true);
	/* Taken away: the one word waits, the others go. */
	check(NULL, "{\"properties\":{}}", "{\"properties\":{\"rules\":\"No smoking\"}}",
	      "{\"properties\":{\"rules\":null}}", true);
	check(NULL, "{\"properties\":{\"rules\":\"No smoking\"}}", "{\"properties\":{\"rules\":\"No smoking\"}}", NULL,
	      false);
	/* Properties are given as a whole: those that waited are replaced. */
	check("{\"properties\":{\"transport\":\"Bus\"}}", "{\"properties\":{\"rules\":\"No smoking\"}}",
	      "{\"properties\":{\"rules\":\"No smoking\"}}", NULL, true);
	check("{\"properties\":{\"transport\":\"Bus\"}}", "{\"title\":\"Barn\"}", "{}",
	      "{\"title\":\"Barn\",\"properties\":{\"transport\":\"Bus\"}}", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words_wait_and_the_rest_does_not),
	    cmocka_unit_test(test_words_as_published_do_not_wait),
	    cmocka_unit_test(test_a_later_change_adds_to_the_one_that_waits),
	    cmocka_unit_test(test_properties_are_words_where_people_write_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
