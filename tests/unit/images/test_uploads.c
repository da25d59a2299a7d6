/* What keeps one user's uploads from the others': places at once, and decoding that ends with its caller. */
#include "base/context.h"
#include "co/co_run.h"
#include "co/offload.h"
#include "upload/inspect.h"
#include "upload/places.h"

#include <vips/vips.h>

#define ANN "01932b5c-7a10-7000-8000-000000000001"
#define BOB "01932b5c-7a10-7000-8000-000000000002"

static void test_a_user_has_few_places(void **state)
{
	struct upload_places *places = upload_places_new(2, 1);
	(void)state;
	struct context first, second, third, other;
	context_init(&first, DEADLINE_NEVER);
	context_init(&second, DEADLINE_NEVER);
	context_init(&third, DEADLINE_NEVER);
	context_init(&other, DEADLINE_NEVER);
	assert_non_null(upload_place_take(&first, places, ANN));
	assert_non_null(upload_place_take(&second, places, ANN));
	assert_null(upload_place_take(&third, places, ANN));
	assert_int_equal(third.error.code, ERROR_RATE_LIMITED);
	assert_string_equal(third.error.reason, "uploads_at_once");
	assert_string_equal(third.error.details, "{\"maximum\":2}");
	assert_true(third.error.retry_after_ms > 0);
	assert_non_null(upload_place_take(&other, places, BOB));
	context_done(&second);
	error_clear(&third.error);
	assert_non_null(upload_place_take(&third, places, ANN));
	context_done(&first);
	context_done(&third);
	context_done(&other);
	upload_places_free(places);
}

/* One upload of a user, and what of it is written down. */
static void upload_in_turn(void *argument)
{
	struct upload_places *places = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(60 * CLOCK_SECOND));
	struct upload_place *place = upload_place_take(&ctx, places, ANN);
	note("takes");
	assert_int_equal(upload_place_turn(&ctx, place), 0);
	note("begins");
	(void)co_yield ();
	note("ends");
	context_done(&ctx);
}

static void others_while_one_decodes(void *argument)
{
	assert_non_null(co_spawn("one", upload_in_turn, argument));
	assert_non_null(co_spawn("two", upload_in_turn, argument));
	(void)co_yield ();
	struct context bob;
	context_init(&bob, DEADLINE_NEVER);
	assert_int_equal(upload_place_turn(&bob, upload_place_take(&bob, argument, BOB)), 0);
	note("bob");
	context_done(&bob);
}

static void late_for_a_turn(void *argument)
{
	struct context holder, late;
	context_init(&holder, DEADLINE_NEVER);
	context_init(&late, deadline_after(0));
	assert_int_equal(upload_place_turn(&holder, upload_place_take(&holder, argument, ANN)), 0);
	assert_int_equal(upload_place_turn(&late, upload_place_take(&late, argument, ANN)), -1);
	assert_int_equal(late.error.code, ERROR_DEADLINE_EXCEEDED);
	context_done(&holder);
	context_done(&late);
}

static void test_uploads_of_a_user_take_turns(void **state)
{
	struct upload_places *places = upload_places_new(3, 1);
	(void)state;
	run(others_while_one_decodes, places);
	assert_string_equal(trace, "takes begins takes bob ends begins ends ");
	run(late_for_a_turn, places);
	upload_places_free(places);
}

/* A whole picture of several strips. */
static struct upload_bytes *some_picture(void)
{
	VipsImage *black = NULL;
	void *bytes = NULL;
	size_t length = 0;
	assert_int_equal(vips_black(&black, 2000, 2000, "bands", 3, NULL), 0);
	assert_int_equal(vips_pngsave_buffer(black, &bytes, &length, NULL), 0);
	struct upload_bytes *upload = upload_bytes_new(bytes, length);
	g_free(bytes);
	g_object_unref(black);
	return upload;
}

static const struct image_bounds bounds = {.max_side = 16384,
					   .max_pixels = 50000000,
					   .max_scans = 64,
					   .max_frames = 10,
					   .max_segments = 100,
					   .max_decoded = 1 << 28};

/* What the codec says of it, with an abandoned caller or with one that waits. */
static int inspect(struct offload_pool *pool, bool abandoned, struct context *ctx)
{
	struct upload_bytes *upload = some_picture();
	struct image_facts facts = {0};
	atomic_store(&upload->abandoned, abandoned);
	int status = image_inspect(ctx, pool, upload, &bounds, &facts);
	if (status == 0)
		assert_true(facts.width == 2000 && facts.height == 2000 && strlen(facts.sha256) == 64);
	upload_bytes_free(upload);
	return status;
}

static void inspect_body(void *argument)
{
	struct offload_pool *pool = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(60 * CLOCK_SECOND));
	assert_int_equal(inspect(pool, false, &ctx), 0);
	assert_int_equal(inspect(pool, true, &ctx), -1);
	assert_string_equal(ctx.error.reason, "damaged");
	error_clear(&ctx.error);
	/* Who leaves does not wait for the thread, and what the job needs lives on without them. */
	ctx.deadline = deadline_after(0);
	assert_int_equal(inspect(pool, false, &ctx), -1);
	assert_int_equal(ctx.error.code, ERROR_DEADLINE_EXCEEDED);
	context_done(&ctx);
}

static void test_decoding_ends_with_its_caller(void **state)
{
	(void)state;
	assert_int_equal(VIPS_INIT("test"), 0);
	struct offload_pool *pool = offload_pool_new(1, 1);
	assert_non_null(pool);
	run(inspect_body, pool);
	offload_pool_free(pool);
	vips_shutdown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_user_has_few_places),
	    cmocka_unit_test(test_uploads_of_a_user_take_turns),
	    cmocka_unit_test(test_decoding_ends_with_its_caller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
