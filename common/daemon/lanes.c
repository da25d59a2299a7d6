#include "daemon/lanes.h"

#include "base/fatal.h"
#include "postgres/postgres.h"

#include <stdio.h>

#define SETTING_SIZE 32

static int64_t setting(const struct config *config, const char *lane, const char *what)
{
	char name[SETTING_SIZE];
	(void)snprintf(name, sizeof(name), "%s_%s", lane, what);
	return config_integer(config, name);
}

static struct pg *make(const struct config *config, const char *lane)
{
	struct pg_options options = {
	    .url = config_text(config, "database_url"),
	    .lane = lane,
	    .lease_connections = (size_t)setting(config, lane, "connections"),
	    .queue_limit = (size_t)setting(config, lane, "queue"),
	    .statement_timeout = setting(config, lane, "timeout"),
	};
	struct pg *made = pg_new(&options);
	if (!made)
		fatal("the connections of the lane %s cannot be made", lane);
	return made;
}

void lanes_make(const struct config *config, const struct api *api, struct pg *lanes[static API_LANE_COUNT])
{
	for (size_t i = 0; i < api_count(api); i++) {
		enum api_lane lane = api_at(api, i)->lane;
		if (lane != API_LANE_POINT && !lanes[lane])
			lanes[lane] = make(config, api_lane_word(lane));
	}
}

void lanes_free(struct pg *lanes[static API_LANE_COUNT])
{
	for (size_t i = 0; i < API_LANE_COUNT; i++) {
		pg_free(lanes[i]);
		lanes[i] = NULL;
	}
}
