/* A call without a daemon, rules by hand, and prices as one line of text: "kind key quantity per amount; ...". */
#ifndef EVENTLOOP_TESTS_EVENTS_PRICE_FIXTURE_H
#define EVENTLOOP_TESTS_EVENTS_PRICE_FIXTURE_H

#include "base/clock.h"
#include "pricing/price.h"
#include "unit.h"
#include "json/tree.h"

#include <string.h>

#define MINUTE (60 * CLOCK_SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define PRICE_TEST(name) cmocka_unit_test_setup_teardown(name, price_set_up, price_tear_down)

static struct context ctx;
static struct rpc_call call = {.ctx = &ctx};
static struct booking_rules rules;
static struct pricing pricing;
static struct price_request request;
static struct price price;

static inline int price_set_up(void **state)
{
	(void)state;
	context_init(&ctx, DEADLINE_NEVER);
	rules = (struct booking_rules){.zone = zone_find("Europe/Berlin"), .unit = SALE_HOUR, .units = 10};
	pricing = (struct pricing){.has_price = true, .price = 1000, .currency = "EUR"};
	request = (struct price_request){.units = 1};
	return rules.zone ? 0 : -1;
}

static inline int price_tear_down(void **state)
{
	(void)state;
	context_done(&ctx);
	return 0;
}

/* The JSON in single quotes, for texts in C. */
static inline struct json_object *json_of(const char *text)
{
	char *json = arena_strdup(&ctx.arena, text);
	for (char *at = json; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	struct json_object *tree = NULL;
	struct json_error error;
	assert_true(json_tree_parse(json, strlen(json), 8, 0, &ctx.arena, &tree, &error));
	return tree;
}

static inline void use_pricing(const char *json)
{
	struct json_object *tree = json_of(json);
	pricing_read(&ctx.arena, tree, &pricing);
	json_object_put(tree);
}

static inline int64_t at(const char *time)
{
	int64_t wall = 0;
	assert_true(clock_parse(time, &wall));
	return wall;
}

static inline void use_period(const char *from, const char *to)
{
	request.period = (struct span){at(from), at(to)};
}

static inline const char *line_text(const struct price_line *line)
{
	static const char *const kinds[] = {"time", "adjustment", "floor", "extra", "minimum", "tax"};
	const char *key = line->key ? line->key : "-";
	if (!line->per)
		return arena_printf(&ctx.arena, "%s %s %lld", kinds[line->kind], key, (long long)line->amount);
	return arena_printf(&ctx.arena, "%s %s %lld %s %lld", kinds[line->kind], key, (long long)line->quantity,
			    line->per, (long long)line->amount);
}

/* The lines and the total; or the error that there is none. */
static inline const char *priced(void)
{
	error_clear(&ctx.error);
	if (price_compute(&call, &rules, &pricing, &request, &price))
		return ctx.error.details ? ctx.error.details : ctx.error.message;
	const char *text = "";
	int64_t sum = 0;
	for (size_t i = 0; i < price.count; i++) {
		sum += price.lines[i].amount;
		text = arena_printf(&ctx.arena, "%s%s; ", text, line_text(&price.lines[i]));
	}
	assert_int_equal(sum, price.total);
	return arena_printf(&ctx.arena, "%s%lld", text, (long long)price.total);
}

#endif
