/* The settings of a daemon and their file, and what was said about faults: WITH_FIXTURE(test) in the list of tests. */
#ifndef EVENTLOOP_TESTS_CONFIG_FIXTURE_H
#define EVENTLOOP_TESTS_CONFIG_FIXTURE_H

#include "config/config.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct config_option common_options[] = {
    {.name = "port", .type = CONFIG_INTEGER, .fallback = "7000", .min = 1, .max = 65535, .help = "TCP port"},
    {.name = "database_url", .type = CONFIG_TEXT, .flags = CONFIG_SECRET, .help = "PostgreSQL"},
    {.name = "log_format", .type = CONFIG_CHOICE, .fallback = "json", .choices = "json|text"},
    {.name = "grace",
     .type = CONFIG_DURATION,
     .fallback = "10s",
     .flags = CONFIG_RELOADABLE,
     .min = 1,
     .max = 60000000},
    {.name = "body_limit", .type = CONFIG_SIZE, .fallback = "1MiB"},
    {.name = "migrate", .type = CONFIG_BOOLEAN},
    {.name = "title", .type = CONFIG_TEXT, .fallback = "none", .flags = CONFIG_RELOADABLE, .min = 2, .max = 20},
    {.name = NULL},
};

static const struct config_option own_options[] = {
    {.name = "port", .type = CONFIG_INTEGER, .fallback = "7002", .min = 1, .max = 65535, .help = "TCP port of events"},
    {.name = "search_url", .type = CONFIG_TEXT, .environment = "STANDARD_SEARCH_ENDPOINT"},
    {.name = NULL},
};

/* One test's configuration, its file, and what was said about faults. */
struct fixture {
	struct config *config;
	char path[64];
	char *said;
	size_t said_size;
};

static inline int make_fixture(void **state)
{
	static struct fixture fixture;
	fixture = (struct fixture){.config = config_new("events", common_options, own_options)};
	(void)snprintf(fixture.path, sizeof(fixture.path), "/tmp/eventloop-config-XXXXXX");
	int file = mkstemp(fixture.path);
	assert_true(file >= 0);
	(void)close(file);
	*state = &fixture;
	return 0;
}

static inline int drop_fixture(void **state)
{
	struct fixture *fixture = *state;
	static const char *const variables[] = {"EVENTS_PORT",
						"EVENTLOOP_PORT",
						"EVENTS_DATABASE_URL",
						"EVENTS_TITLE",
						"EVENTS_DATABASE_URL_FILE",
						"EVENTS_TITEL",
						"STANDARD_SEARCH_ENDPOINT",
						"EVENTLOOP_UNKNOWN",
						"EVENTS_SERVICE_HOST",
						"EVENTS_PORT_7002_TCP",
						"EVENTS_SERVICE_PORT_RPC",
						"EVENTS_TITLE_FILE",
						"EVENTS_SEARCH_URL",
						"EVENTLOOP_SEARCH_URL",
						"EVENTLOOP_DATABASE_URL"};
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		(void)unsetenv(variables[i]);
	config_free(fixture->config);
	(void)unlink(fixture->path);
	free(fixture->said);
	return 0;
}

static inline void write_file(const struct fixture *fixture, const char *text)
{
	FILE *file = fopen(fixture->path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline FILE *listen_to(struct fixture *fixture)
{
	free(fixture->said);
	fixture->said = NULL;
	FILE *errors = open_memstream(&fixture->said, &fixture->said_size);
	assert_non_null(errors);
	return errors;
}

static inline int load(struct fixture *fixture, int argc, const char *const *argv)
{
	FILE *errors = listen_to(fixture);
	int result = config_load(fixture->config, argc, (char *const *)argv, errors);
	(void)fclose(errors);
	return result;
}
#define LOAD(fixture, ...)                                                                         \
	load((fixture), (int)(sizeof((const char *[]){NULL, ##__VA_ARGS__}) / sizeof(char *)) - 1, \
	     (const char *[]){NULL, ##__VA_ARGS__} + 1)

static inline int reload(struct fixture *fixture)
{
	FILE *errors = listen_to(fixture);
	int result = config_reload(fixture->config, errors);
	(void)fclose(errors);
	return result;
}

static inline void assert_said(const struct fixture *fixture, const char *expected)
{
	if (!fixture->said || !strstr(fixture->said, expected))
		fail_msg("not said: %s, but: %s", expected, fixture->said);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, make_fixture, drop_fixture)

#endif
