/* What a person reads of a User-Agent header. */
#include "base/macros.h"
#include "device.h"
#include "unit.h"

#include <string.h>

static void test_devices(void **state)
{
	static const char *const pairs[][2] = {
	    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox on Windows"},
	    {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
	     "Chrome on Linux"},
	    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 "
	     "Safari/537.36 Edg/129.0.0.0",
	     "Edge on Windows"},
	    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	     "Version/17.6 Mobile/15E148 Safari/604.1",
	     "Safari on iPhone"},
	    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	     "CriOS/129.0 Mobile/15E148 Safari/604.1",
	     "Chrome on iPhone"},
	    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 "
	     "Safari/605.1.15",
	     "Safari on macOS"},
	    {"Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 "
	     "Chrome/122.0.0.0 Mobile Safari/537.36",
	     "Samsung Internet on Android"},
	    {"EventLoop/2.1 (Android 14)", "EventLoop on Android"},
	    {"curl/8.5.0", "curl"},
	    {"python-requests/2.32.3", "python-requests"},
	    {"Mozilla/5.0 (compatible)", "Unknown device"},
	    {"", "Unknown device"},
	    {"<script>alert(1)</script>", "Unknown device"},
	    {"\xf0\x9f\x98\x80", "Unknown device"},
	};
	(void)state;
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		assert_string_equal(device_name(&arena, pairs[i][0]), pairs[i][1]);
	arena_done(&arena);
}

static void test_a_long_product_is_cut(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	char agent[2001];
	memset(agent, 'x', sizeof(agent) - 1);
	agent[sizeof(agent) - 1] = '\0';
	assert_true(strlen(device_name(&arena, agent)) <= 60);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_devices),
	    cmocka_unit_test(test_a_long_product_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
