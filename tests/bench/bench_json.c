/* What reading a request costs: the envelope of 150 bytes (target 0.4 us), building and validating typical params, each
 * beside what json-c takes to parse the same text. Prints one line of JSON; medians of rounds, CPU time of this thread.
 */
#include "rpc/envelope.h"
#include "schema/schema.h"
#include "json/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 9
#define TIMES 50000

static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1234567,\"method\":\"events.booking.get\",\"params\":{"
			      "\"id\":\"01932b5c-7a10-7000-8000-000000000010\",\"with\":[\"listing\",\"price\"]},"
			      "\"meta\":{\"d\":3}}";

static const char params[] = "{\"listing_id\":\"01932b5c-7a10-7000-8000-000000000010\",\"period\":{\"from\":"
			     "\"2026-06-01T10:00:00Z\",\"to\":\"2026-06-01T20:00:00Z\"},\"units\":2,\"note\":"
			     "\"Second entrance, please\",\"idempotency_key\":\"a-key-of-some-length\"}";

static const char schema_text[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"listing_id\",\"period\"],\"properties\":{"
    "\"listing_id\":{\"type\":\"string\",\"format\":\"uuid\"},\"period\":{\"type\":\"object\",\"required\":[\"from\","
    "\"to\"],\"additionalProperties\":false,\"properties\":{\"from\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"to\":{\"type\":\"string\",\"format\":\"date-time\"}}},\"units\":{\"type\":\"integer\",\"minimum\":1,"
    "\"maximum\":1000},\"note\":{\"type\":\"string\",\"x-trim\":true,\"maxLength\":1000},\"idempotency_key\":{"
    "\"type\":\"string\",\"minLength\":1,\"maxLength\":128}}}";

static struct {
	const struct schema *schema;
	struct json_object *params;
	struct arena arena;
} bench;

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "bench_json: %s\n", what);
	exit(1);
}

static void scan_envelope(void)
{
	struct envelope envelope;
	must(envelope_scan(request, sizeof(request) - 1, &ENVELOPE_LIMITS_DEFAULT, &bench.arena, &envelope) ==
		 ENVELOPE_OK,
	     "the request is refused");
}

static void parse_with_json_c(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	json_object_put(json_tokener_parse_ex(tokener, text, (int)length));
	must(json_tokener_get_error(tokener) == json_tokener_success, "json-c refuses");
	json_tokener_free(tokener);
}

static void json_c_envelope(void)
{
	parse_with_json_c(request, sizeof(request) - 1);
}

static void json_c_params(void)
{
	parse_with_json_c(params, sizeof(params) - 1);
}

static void build_params(void)
{
	struct json_object *tree;
	must(json_tree_build(params, sizeof(params) - 1, JSON_TREE_NFC, &bench.arena, &tree), "no tree");
	json_object_put(tree);
}

static void validate_params(void)
{
	struct schema_result result;
	must(schema_validate(bench.schema, bench.params, "/params", SCHEMA_NORMALIZE, &bench.arena, &result),
	     "invalid");
}

static int by_value(const void *one, const void *other)
{
	double first = *(const double *)one, second = *(const double *)other;
	return (first > second) - (first < second);
}

static double cpu_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Nanoseconds of one run: the median of the rounds. */
static double measure(void (*run)(void))
{
	double rounds[ROUNDS];
	for (int round = 0; round < ROUNDS; round++) {
		double started = cpu_ns();
		for (int i = 0; i < TIMES; i++) {
			run();
			arena_reset(&bench.arena);
		}
		rounds[round] = (cpu_ns() - started) / TIMES;
	}
	qsort(rounds, ROUNDS, sizeof(rounds[0]), by_value);
	return rounds[ROUNDS / 2];
}

int main(void)
{
	struct arena arena = {0};
	struct json_object *document;
	must(json_tree_build(schema_text, sizeof(schema_text) - 1, 0, &arena, &document), "no schema");
	must(json_tree_build(params, sizeof(params) - 1, 0, &arena, &bench.params), "no params");
	struct schema_set *set = schema_set_new(document);
	char error[200];
	bench.schema = schema_set_compile(set, "", error, sizeof(error));
	must(bench.schema != NULL, "the schema does not compile");
	double envelope = measure(scan_envelope), envelope_json_c = measure(json_c_envelope);
	double build = measure(build_params), build_json_c = measure(json_c_params),
	       validate = measure(validate_params);
	(void)printf("{\"request_bytes\":%zu,\"envelope_ns\":%.0f,\"envelope_json_c_ns\":%.0f,\"params_bytes\":%zu,"
		     "\"build_ns\":%.0f,\"build_json_c_ns\":%.0f,\"validate_ns\":%.0f}\n",
		     sizeof(request) - 1, envelope, envelope_json_c, sizeof(params) - 1, build, build_json_c, validate);
	schema_set_free(set);
	json_object_put(document);
	json_object_put(bench.params);
	arena_done(&bench.arena);
	arena_done(&arena);
	return 0;
}
