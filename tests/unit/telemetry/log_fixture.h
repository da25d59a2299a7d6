/* A log whose lines go to a sink that keeps the last of them: WITH_SINK(test) in the list of tests. */
#ifndef EVENTLOOP_TESTS_TELEMETRY_LOG_FIXTURE_H
#define EVENTLOOP_TESTS_TELEMETRY_LOG_FIXTURE_H

#include "telemetry/log.h"
#include "unit.h"

#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#define WITH_SINK(test) cmocka_unit_test_setup_teardown(test, listen_only, stop_listening)

/* What the sink got last. */
static struct {
	char line[LOG_LINE_MAX + 1];
	size_t length;
	int count;
} seen;

static inline void keep_line(const char *line, size_t length, void *argument)
{
	(void)argument;
	assert_true(length < sizeof(seen.line));
	memcpy(seen.line, line, length);
	seen.line[length] = '\0';
	seen.length = length;
	seen.count++;
}

static inline int listen_only(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	log_configure("events", LOG_DEBUG, LOG_JSON);
	log_set_output(-1);
	log_set_sink(keep_line, NULL);
	return 0;
}

static inline int stop_listening(void **state)
{
	(void)state;
	log_set_sink(NULL, NULL);
	log_set_output(STDOUT_FILENO);
	return 0;
}

static inline struct json_object *parse_seen(void)
{
	struct json_object *object = json_tokener_parse(seen.line);
	if (!object)
		fail_msg("no JSON: %s", seen.line);
	return object;
}

static inline void assert_member(const char *name, const char *expected)
{
	struct json_object *object = parse_seen();
	struct json_object *value;
	bool found = json_object_object_get_ex(object, name, &value);
	if (!expected)
		assert_false(found);
	else if (!found)
		fail_msg("no %s in %s", name, seen.line);
	else
		assert_string_equal(json_object_get_string(value), expected);
	(void)json_object_put(object);
}

#endif
