#include "api/fact_check.h"

#include "api/facts.h"
#include "base/hash_map.h"
#include "telemetry/log.h"
#include "telemetry/log_pause.h"
#include "telemetry/metrics.h"
#include "json/tree.h"

#include <stdio.h>
#include <string.h>

#define TOPICS_MAX 1000

/* A direction in which facts pass. */
struct side {
	const char *name;
	struct metric *invalid, *unknown;
	struct log_pause pause;
};

static const struct api *lists; /* NULL: nothing is checked */
static struct hash_map *known;	/* by topic: of all daemons */
static struct side published = {.name = "published"}, consumed = {.name = "consumed"};

static void side_begin(struct side *side)
{
	struct metric_family *invalid =
	    metric_register(METRIC_COUNTER, "eventloop_facts_invalid_total",
			    "Facts that were refused because their payload is not valid.", "side");
	struct metric_family *unknown = metric_register(METRIC_COUNTER, "eventloop_facts_unknown_total",
							"Facts of a topic that is in no list.", "side");
	side->invalid = metric_series(invalid, &side->name);
	side->unknown = metric_series(unknown, &side->name);
}

static bool read_topics(const struct embedded_file *file, struct arena *arena)
{
	struct json_object *tree = NULL;
	struct json_error fault;
	if (!json_tree_parse(file->start, (size_t)(file->end - file->start), JSON_DEPTH_MAX, 0, arena, &tree, &fault))
		return false;
	bool read = true;
	struct json_object *facts = json_object_object_get(tree, "facts");
	for (size_t i = 0; facts && i < json_object_array_length(facts); i++) {
		struct json_object *topic = json_object_object_get(json_object_array_get_idx(facts, i), "topic");
		read = read && topic && hash_map_put_text(known, json_object_get_string(topic), &known);
	}
	json_object_put(tree);
	return read;
}

bool fact_check_begin(const struct api *api, const struct embedded_file *files, char *error, size_t error_size)
{
	bool read = true;
	struct arena arena;
	arena_init(&arena);
	known = hash_map_new(TOPICS_MAX, NULL);
	for (; read && files && files->name; files++) {
		read = read_topics(files, &arena);
		if (!read)
			(void)snprintf(error, error_size, "%s is no list of facts", files->name);
	}
	arena_done(&arena);
	side_begin(&published);
	side_begin(&consumed);
	lists = api;
	return read;
}

void fact_check_end(void)
{
	lists = NULL;
	hash_map_free(known);
	known = NULL;
}

static void say_unknown(struct side *side, struct context *ctx, const char *topic)
{
	metric_add(side->unknown, 1);
	int64_t count = log_pause_count(&side->pause);
	if (count > 0)
		log_event(LOG_WARNING, ctx, "a fact has a topic that is in no list", LOG_STRING("topic", topic),
			  LOG_STRING("side", side->name), LOG_NUMBER("count", count));
}

/* True when the payload is valid; else the first rule that it breaks, in the arena. */
static bool is_valid(struct side *side, struct context *ctx, const struct schema *schema, struct json_object *payload,
		     const char **ret_fault)
{
	struct schema_result result;
	if (schema_validate(schema, payload, "", 0, &ctx->arena, &result))
		return true;
	metric_add(side->invalid, 1);
	*ret_fault = arena_printf(&ctx->arena, "%s: %s", result.errors[0].path, result.errors[0].rule);
	return false;
}

static int check_published(struct context *ctx, const struct schema *schema, const char *topic,
			   struct json_object *payload)
{
	const char *fault = NULL;
	if (is_valid(&published, ctx, schema, payload, &fault))
		return 0;
	return context_fail_internal(ctx, "the payload of %s is not valid: %s", topic, fault);
}

int fact_check_published(struct context *ctx, const char *topic, const char *payload)
{
	if (!lists)
		return 0;
	const struct schema *schema = api_published(lists, topic);
	if (!schema) {
		say_unknown(&published, ctx, topic);
		return 0;
	}
	struct json_object *tree = NULL;
	struct json_error fault;
	if (!payload || !json_tree_parse(payload, strlen(payload), JSON_DEPTH_MAX, 0, &ctx->arena, &tree, &fault)) {
		metric_add(published.invalid, 1);
		return context_fail_internal(ctx, "the payload of %s is no JSON", topic);
	}
	int checked = check_published(ctx, schema, topic, tree);
	json_object_put(tree);
	return checked;
}

int fact_check_consumed(struct context *ctx, const char *topic, struct json_object *payload)
{
	const struct schema *schema = lists ? api_consumed(lists, topic) : NULL;
	const char *fault = NULL;
	if (!schema || is_valid(&consumed, ctx, schema, payload, &fault))
		return 0;
	return context_fail_internal(ctx, "the payload is not valid: %s", fault);
}

void fact_check_unhandled(struct context *ctx, const char *topic)
{
	if (lists && !hash_map_get_text(known, topic))
		say_unknown(&consumed, ctx, topic);
}
