/* Places for pictures that pass through: shares of an address and of a site, and what becomes of those that stand
 * still. */
#include "pictures/transfers.h"

#include "base/context.h"
#include "co/co_run.h"

#define SHORT (20 * CLOCK_MILLISECOND)
#define LONG (20 * CLOCK_SECOND)
#define PIECE ((size_t)32 * 1024)

/* Enters within a short time. */
static int enter(struct context *ctx, struct transfers *transfers, const char *address)
{
	error_clear(&ctx->error);
	ctx->deadline = deadline_after(SHORT);
	return transfers_enter(ctx, transfers, address) ? 0 : -1;
}

static void share_of_an_address(void *argument)
{
	struct transfers *transfers = transfers_new(8, "test");
	(void)argument;
	struct context mine[3], other;
	for (int i = 0; i < 3; i++)
		context_init(&mine[i], DEADLINE_NEVER);
	context_init(&other, DEADLINE_NEVER);
	assert_int_equal(enter(&mine[0], transfers, "2001:db8::1"), 0);
	assert_int_equal(enter(&mine[1], transfers, "2001:db8::2"), 0);
	assert_int_equal(enter(&mine[2], transfers, "2001:db8::3"), -1);
	assert_int_equal(mine[2].error.code, ERROR_OVERLOADED);
	assert_int_equal(enter(&other, transfers, "192.0.2.7"), 0);
	context_done(&mine[0]);
	assert_int_equal(enter(&mine[2], transfers, "2001:db8::4"), 0);
	context_done(&mine[1]);
	context_done(&mine[2]);
	context_done(&other);
	transfers_free(transfers);
}

/* Networks of one /48 have half of them together; addresses of IPv4 stand for themselves. */
static void share_of_a_site(void *argument)
{
	enum { COUNT = 5 };
	static const struct {
		const char *address;
		int expected;
	} all[COUNT] = {
	    {"2001:db8:1:1::1", 0}, {"2001:db8:1:2::1", 0}, {"2001:db8:1:3::1", -1}, {"192.0.2.1", 0}, {"192.0.2.2", 0},
	};
	struct transfers *transfers = transfers_new(4, "test");
	(void)argument;
	struct context contexts[COUNT];
	for (int i = 0; i < COUNT; i++) {
		context_init(&contexts[i], DEADLINE_NEVER);
		assert_int_equal(enter(&contexts[i], transfers, all[i].address), all[i].expected);
	}
	for (int i = 0; i < COUNT; i++)
		context_done(&contexts[i]);
	transfers_free(transfers);
}

static void places_of_all(void *argument)
{
	struct transfers *transfers = transfers_new(4, "test");
	static const char *const addresses[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"};
	(void)argument;
	struct context all[5];
	for (int i = 0; i < 5; i++) {
		context_init(&all[i], DEADLINE_NEVER);
		assert_int_equal(enter(&all[i], transfers, addresses[i]), i < 4 ? 0 : -1);
	}
	for (int i = 0; i < 5; i++)
		context_done(&all[i]);
	transfers_free(transfers);
}

/* --- transfers, each in a coroutine of its own --- */

enum { PASSES_MOST = 16 };

/* What a transfer does once it has a place, until it is ended or all are to stop. */
struct pass {
	const char *address;
	int64_t pause; /* each wait for its client, microseconds; 0: it waits for images only */
	size_t bytes;  /* come in each */
	bool entered, ended;
};

struct passes {
	struct transfers *transfers;
	struct pass all[PASSES_MOST];
	size_t count, running;
	bool stop;
};

static struct passes passes;

static void use(struct pass *pass, struct transfer_place *place)
{
	enum co_result result = CO_TIMEOUT;
	while (!passes.stop && result == CO_TIMEOUT) {
		if (pass->pause > 0)
			transfer_waits(place);
		result = co_sleep_until(deadline_after(pass->pause > 0 ? pass->pause : SHORT));
		if (pass->pause > 0)
			transfer_goes_on(place, pass->bytes);
	}
	pass->ended = transfer_ended(place);
	assert_true(pass->ended == co_cancelled());
}

static void run_pass(void *argument)
{
	struct pass *pass = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(LONG));
	struct transfer_place *place = transfers_enter(&ctx, passes.transfers, pass->address);
	pass->entered = place != NULL;
	if (place)
		use(pass, place);
	context_done(&ctx);
	passes.running--;
}

static void start(const char *address, int64_t pause, size_t bytes)
{
	struct pass *pass = &passes.all[passes.count++];
	*pass = (struct pass){.address = address, .pause = pause, .bytes = bytes};
	passes.running++;
	assert_non_null(co_spawn("pass", run_pass, pass));
	co_yield ();
}

static size_t count_entered(void)
{
	size_t count = 0;
	for (size_t i = 0; i < passes.count; i++)
		count += passes.all[i].entered;
	return count;
}

static void await_entered(size_t count)
{
	int64_t deadline = deadline_after(LONG);
	while (count_entered() < count && deadline_left(deadline) > 0)
		(void)co_sleep_until(deadline_after(SHORT));
	assert_int_equal(count_entered(), count);
}

/* which: a letter for each in the order of their starts, x for those that were ended. */
static void assert_ended(const char *which)
{
	for (size_t i = 0; i < passes.count; i++)
		assert_true(passes.all[i].ended == (which[i] == 'x'));
}

static void begin_passes(size_t places)
{
	passes = (struct passes){.transfers = transfers_new(places, "test")};
}

static void end_passes(void)
{
	passes.stop = true;
	while (passes.running > 0)
		(void)co_sleep_until(deadline_after(SHORT));
	transfers_free(passes.transfers);
}

static void those_that_stand_still(void *argument)
{
	(void)argument;
	begin_passes(8);
	start("192.0.2.1", LONG, 0);
	start("192.0.2.2", LONG, 0);
	start("192.0.2.2", LONG, 0);
	start("192.0.2.3", SHORT, 1);
	start("192.0.2.4", 0, 0);
	start("192.0.2.4", 0, 0);
	start("192.0.2.5", SHORT, PIECE);
	start("192.0.2.5", SHORT, PIECE);
	/* One more: the first of the address that has two is ended, and no other. */
	start("192.0.2.6", 0, 0);
	await_entered(9);
	assert_ended(".x.......");
	/* Four more: then all that stand still or trickle are gone, and those that are at work stay. */
	for (int i = 0; i < 4; i++)
		start(i < 2 ? "192.0.2.7" : "192.0.2.8", 0, 0);
	await_entered(12);
	assert_ended("xxxx.........");
	end_passes();
}

/* Whoever waits for a place of their own address ends nobody's transfer, and who gives up waiting neither. */
static void a_client_that_waits_for_its_own(void *argument)
{
	(void)argument;
	begin_passes(4);
	start("192.0.2.1", LONG, 0);
	struct context own, late;
	context_init(&own, deadline_after(CLOCK_SECOND + 5 * SHORT));
	assert_null(transfers_enter(&own, passes.transfers, "192.0.2.1"));
	for (int i = 2; i < 5; i++)
		start(i == 2 ? "192.0.2.2" : i == 3 ? "192.0.2.3" : "192.0.2.4", 0, 0);
	context_init(&late, deadline_after(SHORT));
	assert_null(transfers_enter(&late, passes.transfers, "192.0.2.5"));
	assert_ended("....");
	context_done(&own);
	context_done(&late);
	/* The one that stands still is let go by one that waits. */
	start("192.0.2.6", 0, 0);
	await_entered(5);
	assert_ended("x....");
	end_passes();
}

/* Where a site has its share, one of its own makes room. */
static void a_site_that_waits_for_its_own(void *argument)
{
	(void)argument;
	begin_passes(12);
	for (int i = 0; i < 3; i++)
		start("192.0.2.1", LONG, 0);
	for (int i = 0; i < 6; i++)
		start(i < 3 ? "2001:db8:1:1::1" : "2001:db8:1:2::1", i == 4 ? LONG : 0, 0);
	start("2001:db8:1:3::1", 0, 0);
	await_entered(10);
	assert_ended(".......x..");
	/* The three that stand still would do so for long: others have them ended. */
	for (int i = 0; i < 6; i++)
		start(i < 3 ? "192.0.2.2" : "192.0.2.3", 0, 0);
	await_entered(16);
	assert_ended("xxx....x........");
	end_passes();
}

static void test_an_address_has_its_share(void **state)
{
	(void)state;
	run(share_of_an_address, NULL);
}

static void test_a_site_has_its_share(void **state)
{
	(void)state;
	run(share_of_a_site, NULL);
}

static void test_all_have_so_many(void **state)
{
	(void)state;
	run(places_of_all, NULL);
}

static void test_who_stands_still_makes_room(void **state)
{
	(void)state;
	run(those_that_stand_still, NULL);
}

static void test_an_address_waits_for_its_own(void **state)
{
	(void)state;
	run(a_client_that_waits_for_its_own, NULL);
}

static void test_a_site_makes_room_for_its_own(void **state)
{
	(void)state;
	run(a_site_that_waits_for_its_own, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_address_has_its_share),
	    cmocka_unit_test(test_a_site_has_its_share),
	    cmocka_unit_test(test_all_have_so_many),
	    cmocka_unit_test(test_who_stands_still_makes_room),
	    cmocka_unit_test(test_an_address_waits_for_its_own),
	    cmocka_unit_test(test_a_site_makes_room_for_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
