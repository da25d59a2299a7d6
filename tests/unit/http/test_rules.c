/* What a request must be beyond the grammar: one table, each row a head and the status that the rules give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* CMocka wants those first. */
#include <cmocka.h>

#include "base/arena.h"
#include "http/parser.h"
#include "http/rules.h"

#include <string.h>

enum { FIELDS = 3 };

struct row {
	const char *method, *target;
	int major, minor;
	const char *fields[FIELDS][2];
	int status;
};

#define HOST                \
	{                   \
		"Host", "x" \
	}
/* Heads of HTTP/1.1 that differ in one thing. */
#define METHOD(method, status)                    \
	{                                         \
		method, "/", 1, 1, {HOST}, status \
	}
#define TARGET(target, status)                      \
	{                                           \
		"GET", target, 1, 1, {HOST}, status \
	}
#define HOSTED(host, status)                               \
	{                                                  \
		"GET", "/", 1, 1, {{"host", host}}, status \
	}
#define LENGTH(length, status)                                                \
	{                                                                     \
		"POST", "/", 1, 1, {HOST, {"content-length", length}}, status \
	}
#define CODING(coding, status)                                                   \
	{                                                                        \
		"POST", "/", 1, 1, {HOST, {"transfer-encoding", coding}}, status \
	}
#define EXPECT(expectation, status)                                        \
	{                                                                  \
		"POST", "/", 1, 1, {HOST, {"expect", expectation}}, status \
	}

static const struct row ROWS[] = {
    METHOD("GET", 0),
    METHOD("HEAD", 0),
    METHOD("POST", 0),
    METHOD("PUT", 0),
    METHOD("DELETE", 0),
    METHOD("OPTIONS", 0),
    METHOD("PATCH", 0),
    METHOD("TRACE", 0),
    METHOD("CONNECT", 501),
    METHOD("PROPFIND", 501),
    METHOD("get", 501),
    METHOD("GETS", 501),
    METHOD("", 501),
    {"GET", "/", 2, 0, {HOST}, 505},
    {"GET", "/", 0, 9, {HOST}, 505},
    {"GET", "/", 1, 0, {{NULL, NULL}}, 0},
    {"GET", "/", 1, 1, {{NULL, NULL}}, 400},
    {"GET", "/", 1, 1, {HOST, HOST}, 400},
    {"GET", "/", 1, 0, {HOST, HOST}, 400},
    HOSTED("", 0),
    HOSTED("example.org", 0),
    HOSTED("example.org:", 0),
    HOSTED("example.org:8080", 0),
    HOSTED("[::1]", 0),
    HOSTED("[2001:db8::1]:80", 0),
    HOSTED("b%C3%BCcher", 0),
    HOSTED("b%C3%", 400),
    HOSTED("b%zz", 400),
    HOSTED("a b", 400),
    HOSTED("a, b", 400),
    HOSTED("a/b", 400),
    HOSTED("a@b", 400),
    HOSTED("a:b", 400),
    HOSTED("a:1:2", 400),
    HOSTED("[::1", 400),
    HOSTED("[]", 400),
    HOSTED("[::1]x", 400),
    HOSTED("[x]", 400),
    HOSTED("b\xC3\xBC", 400),
    TARGET("/a%20b?c=%2F&d", 0),
    TARGET("/a//b/../c", 0),
    TARGET("http://x", 0),
    TARGET("HTTPS://x:1/a?b", 0),
    TARGET("http://[::1]/a", 0),
    TARGET("http://x?a", 0),
    TARGET("http:///a", 400),
    TARGET("http://:80/a", 400),
    TARGET("http://a@b/c", 400),
    TARGET("ftp://x/a", 400),
    TARGET("x:80", 400),
    TARGET("a", 400),
    TARGET("", 400),
    TARGET("*", 400),
    TARGET("/a#b", 400),
    TARGET("/a?b#c", 400),
    TARGET("/%", 400),
    TARGET("/%4", 400),
    TARGET("/%4g", 400),
    TARGET("/?%g4", 400),
    TARGET("/a b", 400),
    TARGET("/a\tb", 400),
    TARGET("/a\x7f", 400),
    TARGET("/\xC3\xBC", 400),
    {"OPTIONS", "*", 1, 1, {HOST}, 0},
    {"OPTIONS", "*/", 1, 1, {HOST}, 400},
    LENGTH("0", 0),
    LENGTH("000012", 0),
    LENGTH("999999999999999999", 0),
    LENGTH("9999999999999999999", 400),
    LENGTH("", 400),
    LENGTH("+1", 400),
    LENGTH("-1", 400),
    LENGTH("0x1", 400),
    LENGTH("1 2", 400),
    LENGTH("5, 5", 400),
    {"POST", "/", 1, 1, {HOST, {"Content-Length", "5"}, {"CONTENT-LENGTH", "5"}}, 400},
    CODING("chunked", 0),
    CODING("CHUNKED", 0),
    CODING("gzip, chunked", 501),
    CODING("identity,chunked", 501),
    CODING("a;b=\"c\", chunked", 501),
    CODING("chunked, chunked", 400),
    CODING("Chunked,gzip,chunked", 400),
    CODING("chunked, gzip", 400),
    CODING("gzip", 400),
    CODING("identity", 400),
    CODING("xchunked", 400),
    CODING("chunked;a=b", 400),
    CODING("\"chunked\"", 400),
    CODING("", 400),
    {"POST", "/", 1, 0, {HOST, {"Transfer-Encoding", "chunked"}}, 400},
    {"POST", "/", 1, 1, {HOST, {"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}}, 400},
    {"POST", "/", 1, 1, {HOST, {"Transfer-Encoding", "gzip"}, {"Transfer-Encoding", "chunked"}}, 400},
    {"HEAD", "/", 1, 1, {HOST, {"Content-Length", "0"}}, 0},
    {"HEAD", "/", 1, 1, {HOST, {"Content-Length", "1"}}, 400},
    {"HEAD", "/", 1, 1, {HOST, {"Transfer-Encoding", "chunked"}}, 400},
    {"TRACE", "/", 1, 1, {HOST, {"Content-Length", "1"}}, 400},
    {"GET", "/", 1, 1, {HOST, {"Content-Length", "1"}}, 0},
    EXPECT("100-continue", 0),
    EXPECT("100-Continue", 0),
    EXPECT("100-continue, x", 417),
    EXPECT("", 417),
    {"POST", "/", 1, 1, {HOST, {"Expect", "100-continue"}, {"Expect", "x"}}, 417},
};

static void test_each_head_has_its_status(void **state)
{
	(void)state;
	int wrong = 0;
	for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
		const struct row *row = &ROWS[i];
		struct arena arena;
		arena_init(&arena);
		struct http_fields fields;
		http_fields_begin(&fields, &arena, 4096);
		for (size_t j = 0; j < FIELDS && row->fields[j][0]; j++)
			assert_true(http_fields_add(&fields, row->fields[j][0], row->fields[j][1]));
		struct http_head head = {row->method, row->target, row->major, row->minor, &fields};
		int status = http_rules_fault(&head);
		if (status != row->status)
			print_error("row %zu, %s %s: %d instead of %d\n", i, row->method, row->target, status,
				    row->status);
		wrong += status != row->status;
		arena_done(&arena);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_head_has_its_status)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
