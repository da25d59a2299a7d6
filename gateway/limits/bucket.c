#include "limits/bucket.h"

#define SECOND INT64_C(1000000000)

struct bucket_rule bucket_rule_of(int64_t rate, int64_t burst, int64_t wider)
{
	struct bucket_rule rule = {0};
	if (rate == 0)
		return rule;
	rule.interval = SECOND / rate / wider;
	rule.interval = rule.interval > 0 ? rule.interval : 1;
	rule.depth = rule.interval * wider * (burst > 0 ? burst : 1);
	return rule;
}

int64_t bucket_wait(int64_t full_at, const struct bucket_rule *rule, int64_t cost, int64_t now)
{
	int64_t wanted = cost * rule->interval;
	int64_t missing = full_at > now ? full_at - now : 0;
	int64_t spare = rule->depth - (wanted < rule->depth ? wanted : rule->depth);
	return rule->interval > 0 && missing > spare ? missing - spare : 0;
}

int64_t bucket_take(int64_t full_at, const struct bucket_rule *rule, int64_t cost, int64_t now)
{
	return (full_at > now ? full_at : now) + cost * rule->interval;
}
