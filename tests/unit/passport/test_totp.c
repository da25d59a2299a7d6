/* Codes of authenticator apps: the vectors of RFC 4226, RFC 6238 and RFC 4648, and what a code may be used for. */
#include "base/macros.h"
#include "credentials/totp_code.h"
#include "unit.h"

#include <string.h>

static const char SECRET[] = "12345678901234567890"; /* of both RFCs' test vectors, for SHA-1 */
#define SECRET_LENGTH (sizeof(SECRET) - 1)

static void test_vectors_of_rfc_6238(void **state)
{
	static const struct {
		int64_t seconds;
		const char *code;
	} vectors[] = {
	    {59, "94287082"},	      {1111111109, "07081804"}, {1111111111, "14050471"},
	    {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"},
	};
	(void)state;
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		int64_t step = totp_step(vectors[i].seconds * 1000000);
		assert_string_equal(totp_code(&arena, SECRET, SECRET_LENGTH, step, 8), vectors[i].code);
	}
	arena_done(&arena);
}

static void test_vectors_of_rfc_4226(void **state)
{
	static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
					    "254676", "287922", "162583", "399871", "520489"};
	(void)state;
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		assert_string_equal(totp_code(&arena, SECRET, SECRET_LENGTH, (int64_t)i, 6), codes[i]);
	arena_done(&arena);
}

static void test_a_code_counts_one_step_aside_and_never_again(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	for (int64_t step = 97; step <= 103; step++) {
		const char *code = totp_code(&arena, SECRET, SECRET_LENGTH, step, TOTP_DIGITS);
		int64_t found = totp_find_step(&arena, SECRET, SECRET_LENGTH, code, 100, 0);
		assert_int_equal(found, step >= 99 && step <= 101 ? step : 0);
		assert_int_equal(totp_find_step(&arena, SECRET, SECRET_LENGTH, code, 100, step), 0);
		assert_int_equal(totp_find_step(&arena, SECRET, SECRET_LENGTH, code, 100, step - 1), found);
	}
	arena_done(&arena);
}

static void test_what_is_no_code(void **state)
{
	static const char *const codes[] = {"", "0", "75522", "7552240", "75522a", "-55224"};
	(void)state;
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		assert_int_equal(totp_find_step(&arena, SECRET, SECRET_LENGTH, codes[i], 1, 0), 0);
	arena_done(&arena);
}

static void test_base32_of_rfc_4648(void **state)
{
	static const char *const pairs[][2] = {
	    {"", ""},
	    {"f", "MY"},
	    {"fo", "MZXQ"},
	    {"foo", "MZXW6"},
	    {"foob", "MZXW6YQ"},
	    {"fooba", "MZXW6YTB"},
	    {"foobar", "MZXW6YTBOI"},
	};
	(void)state;
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		assert_string_equal(base32_encode(&arena, pairs[i][0], strlen(pairs[i][0])), pairs[i][1]);
	arena_done(&arena);
}

static void test_the_uri_is_escaped(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	assert_string_equal(totp_uri(&arena, "Event Loop", "ann+x@example.org?issuer=a&b:\xc3\xa9", "MZXW6"),
			    "otpauth://totp/Event%20Loop:ann%2Bx%40example.org%3Fissuer%3Da%26b%3A%C3%A9?secret=MZXW6"
			    "&issuer=Event%20Loop&algorithm=SHA1&digits=6&period=30");
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors_of_rfc_6238),
	    cmocka_unit_test(test_vectors_of_rfc_4226),
	    cmocka_unit_test(test_a_code_counts_one_step_aside_and_never_again),
	    cmocka_unit_test(test_what_is_no_code),
	    cmocka_unit_test(test_base32_of_rfc_4648),
	    cmocka_unit_test(test_the_uri_is_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
