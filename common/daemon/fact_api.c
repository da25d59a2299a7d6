#include "daemon/fact_api.h"

#include "api/fact_check.h"
#include "api/facts.h"
#include "base/fatal.h"
#include "daemon/daemon.h"
#include "telemetry/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "fact.json"

/* %s: the daemon's name. */
static const char method_format[] =
    "{\"methods\":[{"
    "\"name\":\"%s.fact.deliver\","
    "\"summary\":\"Takes facts of another daemon over.\","
    "\"description\":\"Called by the outbox of the daemon where they happened. A fact that was "
    "taken before does nothing; "
    "one that cannot be taken now is refused and comes again.\","
    "\"params\":["
    "{\"name\":\"source\",\"required\":true,\"schema\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":64}},"
    "{\"name\":\"facts\",\"required\":true,\"schema\":{\"type\":\"array\",\"maxItems\":1000,\"items\":{"
    "\"type\":\"object\",\"required\":[\"id\",\"topic\",\"key\",\"seq\",\"occurred_at\",\"payload\"],"
    "\"properties\":{\"id\":{\"type\":\"string\",\"format\":\"uuid\"},\"topic\":{\"type\":\"string\",\"maxLength\":200}"
    ","
    "\"key\":{\"type\":\"string\",\"maxLength\":200},\"seq\":{\"type\":\"integer\"},"
    "\"occurred_at\":{\"type\":\"string\"},\"payload\":{\"type\":\"object\"}}}}}],"
    "\"result\":{\"name\":\"outcome\",\"schema\":{\"type\":\"object\",\"required\":[\"delivered\",\"refused\"],"
    "\"properties\":{\"delivered\":{\"type\":\"integer\"},\"refused\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"object\","
    "\"required\":[\"id\",\"reason\"],\"properties\":{\"id\":{\"type\":\"string\"},\"reason\":{\"type\":\"string\"},"
    "\"attempt\":{\"type\":\"boolean\"}}}}}"
    "}},"
    "\"errors\":[{\"$ref\":\"#/components/errors/invalid_params\"},{\"$ref\":\"#/components/errors/forbidden\"}],"
    "\"examples\":[{\"name\":\"nothing new\",\"params\":[{\"name\":\"source\",\"value\":\"rating\"},"
    "{\"name\":\"facts\",\"value\":[]}],\"result\":{\"name\":\"outcome\",\"value\":{\"delivered\":0,\"refused\":[]}}}],"
    "\"x-access\":[\"service\"],\"x-idempotent\":true,\"x-deadline-ms\":10000,\"x-cost\":1}]}";

static size_t count_files(const struct embedded_file *files)
{
	size_t count = 0;
	while (files && files[count].name)
		count++;
	return count;
}

struct embedded_file *fact_api_files(const struct daemon_spec *spec)
{
	size_t count = count_files(spec->api);
	struct embedded_file *files = must_calloc(count + 2, sizeof(*files));
	if (count > 0)
		memcpy(files, spec->api, count * sizeof(*files));
	if (!spec->fact_handlers)
		return files;
	char *text;
	int length = asprintf(&text, method_format, spec->name);
	if (length < 0)
		fatal("no memory for the API");
	files[count] = (struct embedded_file){FILE_NAME, text, text + length};
	return files;
}

void fact_api_free(struct embedded_file *files)
{
	for (size_t i = 0; files && files[i].name; i++) {
		if (strcmp(files[i].name, FILE_NAME) == 0)
			free((void *)(uintptr_t)files[i].start);
	}
	free(files);
}

struct rpc_handler *fact_api_handlers(const struct daemon_spec *spec)
{
	size_t count = 0;
	while (spec->handlers && spec->handlers[count].name)
		count++;
	struct rpc_handler *handlers = must_calloc(count + 2, sizeof(*handlers));
	if (count > 0)
		memcpy(handlers, spec->handlers, count * sizeof(*handlers));
	if (!spec->fact_handlers)
		return handlers;
	static char name[128];
	(void)snprintf(name, sizeof(name), "%s.fact.deliver", spec->name);
	handlers[count] = (struct rpc_handler){name, outbox_deliver};
	return handlers;
}

static int fail(const char *topic, const char *what)
{
	log_event(LOG_ERROR, NULL, "the facts are not good", LOG_STRING("topic", topic), LOG_STRING("cause", what));
	return -1;
}

/* Each stands in the list; counts them. */
static int check_handlers(const struct fact_handler *handlers, const struct api *api, size_t *count)
{
	for (const struct fact_handler *handler = handlers; handler && handler->topic; handler++, (*count)++)
		if (!api_consumed(api, handler->topic))
			return fail(handler->topic, "has a handler and does not stand in consumes of facts.json");
	return 0;
}

int fact_api_check(const struct daemon_spec *spec, const struct api *api)
{
	size_t count = 0;
	if (check_handlers(spec->fact_handlers, api, &count) ||
	    check_handlers(spec->own_facts ? spec->own_facts->handlers : NULL, api, &count))
		return -1;
	if (count != api_consumed_count(api))
		return fail("consumes of facts.json", "a topic has no handler, or two");
	char error[200];
	if (spec->fact_lists && !fact_check_begin(api, spec->fact_lists, error, sizeof(error)))
		return fail("facts.json", error);
	return 0;
}
