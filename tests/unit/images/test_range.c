/* Range requests (RFC 9110 section 14) and multipart bodies (RFC 7578). */
#include "base/macros.h"
#include "serve/serve.h"
#include "unit.h"
#include "upload/multipart.h"

#include <string.h>

static void assert_range(const char *header, enum range_result result, int64_t offset, int64_t length)
{
	int64_t got_offset = -1, got_length = -1;
	assert_int_equal(range_read(header, 100, &got_offset, &got_length), result);
	if (result == RANGE_UNSATISFIABLE)
		return;
	assert_int_equal(got_offset, offset);
	assert_int_equal(got_length, length);
}

static void test_ranges(void **state)
{
	(void)state;
	assert_range(NULL, RANGE_WHOLE, 0, 100);
	assert_range("bytes=0-0", RANGE_PART, 0, 1);
	assert_range("bytes=0-99", RANGE_PART, 0, 100);
	assert_range("bytes=10-", RANGE_PART, 10, 90);
	assert_range("bytes=90-500", RANGE_PART, 90, 10);
	assert_range("bytes=-1", RANGE_PART, 99, 1);
	assert_range("bytes=-100", RANGE_PART, 0, 100);
	assert_range("bytes=-500", RANGE_PART, 0, 100);
	assert_range("bytes=100-", RANGE_UNSATISFIABLE, 0, 0);
	assert_range("bytes=-0", RANGE_UNSATISFIABLE, 0, 0);
}

static void test_malformed_ranges_mean_the_whole(void **state)
{
	static const char *const headers[] = {
	    "bytes=",	 "bytes=-", "bytes=a-b",  "bytes=5-4",	"bytes=0-1,5-9",
	    "items=0-1", "bytes=1", "bytes= 0-1", "bytes=0-1x", "bytes=99999999999999999999-"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		assert_range(headers[i], RANGE_WHOLE, 0, 100);
}

static void test_boundaries(void **state)
{
	(void)state;
	char boundary[MULTIPART_BOUNDARY_SIZE];
	assert_true(multipart_boundary("multipart/form-data; boundary=abc", boundary));
	assert_string_equal(boundary, "abc");
	assert_true(multipart_boundary("Multipart/Form-Data; charset=x; boundary=\"a b\"", boundary));
	assert_string_equal(boundary, "a b");
	assert_false(multipart_boundary(NULL, boundary));
	assert_false(multipart_boundary("image/png", boundary));
	assert_false(multipart_boundary("multipart/form-data", boundary));
	assert_false(multipart_boundary("multipart/form-data; boundary=", boundary));
	assert_false(multipart_boundary("multipart/form-data; boundary=\"a", boundary));
	assert_false(multipart_boundary("multipart/form-data; boundary=\"a \"", boundary));
	assert_false(multipart_boundary("multipart/form-data; boundary="
					"0123456789012345678901234567890123456789012345678901234567890123456789x",
					boundary));
}

static enum multipart_result find(const char *body, const char **start, size_t *length)
{
	return multipart_find(body, strlen(body), "B", "file", start, length);
}

static void test_multipart_finds_the_file(void **state)
{
	const char *start = NULL;
	size_t length = 0;
	(void)state;
	assert_int_equal(
	    find("--B\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\n"
		 "--B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nline\r\n--\r\n--B--\r\n",
		 &start, &length),
	    MULTIPART_FOUND);
	assert_int_equal(length, 8);
	assert_memory_equal(start, "line\r\n--", 8);
}

static void test_multipart_refuses_what_is_none(void **state)
{
	const char *start = NULL;
	size_t length = 0;
	(void)state;
	assert_int_equal(find("", &start, &length), MULTIPART_MALFORMED);
	assert_int_equal(find("--B--\r\n", &start, &length), MULTIPART_ABSENT);
	assert_int_equal(find("--B\r\n\r\n\r\n--B--", &start, &length), MULTIPART_ABSENT);
	assert_int_equal(find("--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nno end", &start, &length),
			 MULTIPART_MALFORMED);
	assert_int_equal(find("--Bx\r\n\r\nx\r\n--B--", &start, &length), MULTIPART_MALFORMED);
	assert_int_equal(find("--B\r\nX: name=\"file\"\r\n\r\nx\r\n--B--", &start, &length), MULTIPART_ABSENT);
}

/* What is found of a part whose headers take so many bytes, the empty line behind them left out. */
static enum multipart_result find_behind(size_t headers)
{
	static const char begin[] = "--B\r\nContent-Disposition: form-data; name=\"file\"\r\nX: ";
	static const char end[] = "\r\n\r\nhi\r\n--B--\r\n";
	static char body[MULTIPART_MAX_HEADERS + 64];
	const char *start = NULL;
	size_t length = 0, filled = strlen("--B") + headers;
	memset(body, 'x', sizeof(body));
	memcpy(body, begin, strlen(begin));
	memcpy(body + filled, end, sizeof(end));
	return find(body, &start, &length);
}

static void test_headers_of_a_part_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(find_behind(100), MULTIPART_FOUND);
	assert_int_equal(find_behind(MULTIPART_MAX_HEADERS), MULTIPART_FOUND);
	assert_int_equal(find_behind(MULTIPART_MAX_HEADERS + 1), MULTIPART_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ranges),
	    cmocka_unit_test(test_malformed_ranges_mean_the_whole),
	    cmocka_unit_test(test_boundaries),
	    cmocka_unit_test(test_multipart_finds_the_file),
	    cmocka_unit_test(test_multipart_refuses_what_is_none),
	    cmocka_unit_test(test_headers_of_a_part_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
