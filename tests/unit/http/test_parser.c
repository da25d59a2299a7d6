/* The parser alone: any text in any pieces gives the same request, or the same fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* CMocka wants those first. */
#include <cmocka.h>

#include "http/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HEAD = 1024, MAX_BODY = 100000 };

/* A parser and what it needs. */
struct bench {
	struct arena arena;
	struct http_fields fields;
	struct http_parser parser;
};

static void begin(struct bench *bench)
{
	arena_init(&bench->arena);
	http_parser_begin(&bench->parser, &bench->arena, &bench->fields, MAX_HEAD);
}

static void end(struct bench *bench)
{
	http_parser_end(&bench->parser);
	arena_done(&bench->arena);
}

/* Feeds in pieces of so many bytes; returns DONE, FAULT, or MORE when the text ran out. */
static enum http_parse feed(struct bench *bench, const char *text, size_t length, size_t piece, size_t *ret_used)
{
	size_t at = 0;
	for (;;) {
		size_t used, part = length - at < piece ? length - at : piece;
		enum http_parse result = http_parser_feed(&bench->parser, text + at, part, &used);
		assert_true(used <= part);
		at += used;
		*ret_used = at;
		if (result == HTTP_PARSE_HEAD && !http_parser_allow_body(&bench->parser, MAX_BODY))
			return HTTP_PARSE_FAULT;
		if (result == HTTP_PARSE_DONE || result == HTTP_PARSE_FAULT)
			return result;
		if (at == length && result == HTTP_PARSE_MORE)
			return result;
	}
}

static void test_pieces_do_not_matter(void **state)
{
	(void)state;
	static const char TEXT[] = "\r\nPOST /path?q=1 HTTP/1.1\r\nHost: example\r\nEmpty:\r\nSpaces:  a b \t\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n"
				   "5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\nGET";
	for (size_t piece = 1; piece < sizeof(TEXT); piece++) {
		struct bench bench;
		begin(&bench);
		size_t used;
		assert_int_equal(feed(&bench, TEXT, sizeof(TEXT) - 1, piece, &used), HTTP_PARSE_DONE);
		assert_int_equal(used, sizeof(TEXT) - 1 - 3);
		assert_string_equal(http_parser_method(&bench.parser), "POST");
		assert_string_equal(http_parser_target(&bench.parser), "/path?q=1");
		assert_int_equal(bench.fields.count, 4);
		assert_string_equal(http_fields_get(&bench.fields, "HOST"), "example");
		assert_string_equal(http_fields_get(&bench.fields, "empty"), "");
		assert_string_equal(http_fields_get(&bench.fields, "spaces"), "a b");
		assert_null(http_fields_get(&bench.fields, "trailer"));
		assert_string_equal(buffer_text(&bench.parser.body), "hello world");
		assert_true(bench.parser.keep_alive);
		end(&bench);
	}
}

static void assert_fault_in_any_pieces(const char *text, int status)
{
	size_t length = strlen(text);
	for (size_t piece = 1; piece <= length; piece += piece < 40 ? 1 : length - piece + 1) {
		struct bench bench;
		begin(&bench);
		size_t used;
		enum http_parse result = feed(&bench, text, length, piece, &used);
		if (result != HTTP_PARSE_FAULT || bench.parser.fault != status)
			print_error("pieces of %zu: %d, %d\n", piece, result, bench.parser.fault);
		assert_int_equal(result, HTTP_PARSE_FAULT);
		assert_int_equal(bench.parser.fault, status);
		/* A fault stays. */
		assert_int_equal(http_parser_feed(&bench.parser, "GET / HTTP/1.1\r\n", 16, &used), HTTP_PARSE_FAULT);
		end(&bench);
	}
}

#define START "POST / HTTP/1.1\r\nHost: x\r\n"

static void test_what_could_be_read_in_two_ways(void **state)
{
	(void)state;
	static const char *const TEXTS[] = {
	    START "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
	    START "Content-Length: 1, 1\r\n\r\nx",
	    START "Content-Length: 0x1\r\n\r\nx",
	    START "Content-Length:\r\n\r\n",
	    START "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    START "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
	    START "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
	    START "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	    START "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
	    START "Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n",
	    START "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
	    START "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
	    START "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n",
	    "GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n",
	    "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(TEXTS); i++)
		assert_fault_in_any_pieces(TEXTS[i], 400);
}

static void test_limits_of_the_head(void **state)
{
	(void)state;
	char text[3 * MAX_HEAD];
	/* One byte decides. */
	for (size_t size = MAX_HEAD - 2; size <= MAX_HEAD + 2; size++) {
		static const char HEAD[] = "GET / HTTP/1.1\r\nHost: x\r\nA: ";
		memset(text, 'a', sizeof(text));
		memcpy(text, HEAD, sizeof(HEAD) - 1);
		memcpy(text + size - 4, "\r\n\r\n", 4);
		size_t used;
		struct bench bench;
		for (size_t piece = 1; piece <= size; piece *= 3) {
			begin(&bench);
			enum http_parse result = feed(&bench, text, size, piece, &used);
			assert_int_equal(result, size <= MAX_HEAD ? HTTP_PARSE_DONE : HTTP_PARSE_FAULT);
			assert_int_equal(bench.parser.fault, size <= MAX_HEAD ? 0 : 431);
			end(&bench);
		}
	}
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 == 0 ? '\r' : '\n';
	text[sizeof(text) - 1] = '\0';
	assert_fault_in_any_pieces(text, 431);
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "GET /", 5);
	assert_fault_in_any_pieces(text, 431);
}

/* What surrounds chunks is bounded, too. */
static void test_limits_beside_the_body(void **state)
{
	(void)state;
	static const char CHUNKED[] = START "Transfer-Encoding: chunked\r\n\r\n";
	char text[3 * MAX_HEAD];
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text, CHUNKED, sizeof(CHUNKED) - 1);
	memcpy(text + sizeof(CHUNKED) - 1, "1;", 2);
	assert_fault_in_any_pieces(text, 431);
	memcpy(text + sizeof(CHUNKED) - 1, "0\r\nA: ", 6);
	assert_fault_in_any_pieces(text, 431);
}

static void test_limits_of_the_body(void **state)
{
	(void)state;
	static const char CHUNKED[] = START "Transfer-Encoding: chunked\r\n\r\n";
	struct bench bench;
	begin(&bench);
	size_t used;
	assert_int_equal(feed(&bench, CHUNKED, sizeof(CHUNKED) - 1, SIZE_MAX, &used), HTTP_PARSE_MORE);
	static char chunk[4096 + 9] = "1000\r\n";
	memcpy(chunk + 6 + 4096, "\r\n", 3);
	enum http_parse result = HTTP_PARSE_MORE;
	size_t fed = 0;
	while (result == HTTP_PARSE_MORE) {
		result = http_parser_feed(&bench.parser, chunk, sizeof(chunk) - 1, &used);
		fed += 4096;
	}
	assert_int_equal(result, HTTP_PARSE_FAULT);
	assert_int_equal(bench.parser.fault, 413);
	assert_in_range(fed, MAX_BODY, MAX_BODY + 4096);
	end(&bench);
	begin(&bench);
	static const char ANNOUNCED[] = START "Content-Length: 100001\r\n\r\n";
	assert_int_equal(feed(&bench, ANNOUNCED, sizeof(ANNOUNCED) - 1, SIZE_MAX, &used), HTTP_PARSE_FAULT);
	assert_int_equal(bench.parser.fault, 413);
	end(&bench);
}

static void test_an_offer_to_upgrade_is_declined(void **state)
{
	(void)state;
	static const char TEXT[] = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nrest";
	struct bench bench;
	begin(&bench);
	size_t used;
	assert_int_equal(feed(&bench, TEXT, sizeof(TEXT) - 1, SIZE_MAX, &used), HTTP_PARSE_DONE);
	assert_int_equal(used, sizeof(TEXT) - 5);
	end(&bench);
}

static void test_keep_alive_as_asked(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool keep_alive;
	} CASES[] = {
	    {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, CLOSE\r\n\r\n", false},
	    {"GET / HTTP/1.0\r\n\r\n", false},
	    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
	};
	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
		struct bench bench;
		begin(&bench);
		size_t used;
		assert_int_equal(feed(&bench, CASES[i].text, strlen(CASES[i].text), SIZE_MAX, &used), HTTP_PARSE_DONE);
		assert_int_equal(bench.parser.keep_alive, CASES[i].keep_alive);
		end(&bench);
	}
}

static void test_targets(void **state)
{
	(void)state;
	static const struct {
		const char *target, *path, *query;
	} CASES[] = {
	    {"/", "/", ""},
	    {"/a?b?c#d", "/a", "b?c"},
	    {"/a#b?c", "/a", ""},
	    {"/%41%7e%2F%ff?%zz", "/A~/\xff", "%zz"},
	    {"/?", "/", ""},
	    {"//a/../b", "//a/../b", ""},
	    {"http://host", "/", ""},
	    {"HTTPS://host:1/x%20y?z", "/x y", "z"},
	    {"http://host?z", "/", "z"},
	    {"*", "*", ""},
	};
	struct arena arena;
	arena_init(&arena);
	const char *path, *query;
	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
		assert_true(http_target_split(&arena, CASES[i].target, &path, &query));
		assert_string_equal(path, CASES[i].path);
		assert_string_equal(query, CASES[i].query);
	}
	static const char *const REFUSED[] = {"",   "a",   "host:80", "http://", "http:///x", "ftp://host/",
					      "/%", "/%4", "/%4x",    "/%x4",	 "/%00",      "/a%00b"};
	for (size_t i = 0; i < ARRAY_SIZE(REFUSED); i++)
		assert_false(http_target_split(&arena, REFUSED[i], &path, &query));
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pieces_do_not_matter), cmocka_unit_test(test_what_could_be_read_in_two_ways),
	    cmocka_unit_test(test_limits_of_the_head),	 cmocka_unit_test(test_limits_beside_the_body),
	    cmocka_unit_test(test_limits_of_the_body),	 cmocka_unit_test(test_an_offer_to_upgrade_is_declined),
	    cmocka_unit_test(test_keep_alive_as_asked),	 cmocka_unit_test(test_targets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
