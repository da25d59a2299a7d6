/*
 * A daemon like the five, in the place of rating, with two methods that cost next to nothing: what the gateway and its
 * peers are put in front of, and what a daemon's call costs without a database.
 *
 * rating.bench.ping: public, no parameters. rating.bench.check: for users, with parameters to validate.
 */
#include "daemon/daemon.h"

#define RESULT "\"result\":{\"name\":\"r\",\"schema\":{}},\"errors\":[]"
#define REST "\"x-idempotent\":true,\"x-deadline-ms\":3000,\"x-cost\":1"

static const char api_text[] =
    "{\"methods\":[{\"name\":\"rating.bench.ping\",\"summary\":\"s\",\"description\":\"d\",\"params\":[]," RESULT
    ",\"examples\":[{\"name\":\"e\",\"params\":[],\"result\":{\"name\":\"r\",\"value\":\"ok\"}}],"
    "\"x-access\":[\"public\"]," REST "},"
    "{\"name\":\"rating.bench.check\",\"summary\":\"s\",\"description\":\"d\",\"params\":["
    "{\"name\":\"id\",\"required\":true,\"schema\":{\"type\":\"string\",\"format\":\"uuid\"}},"
    "{\"name\":\"units\",\"schema\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000}}]," RESULT
    ",\"examples\":[{\"name\":\"e\",\"params\":[{\"name\":\"id\",\"value\":\"01932b5c-7a10-7000-8000-000000000001\"}],"
    "\"result\":{\"name\":\"r\",\"value\":{}}}],\"x-access\":[\"user\"]," REST "}]}";

static const struct embedded_file bench_api[] = {
    {"bench.json", api_text, api_text + sizeof(api_text) - 1},
    {NULL, NULL, NULL},
};

static int ping(struct rpc_call *call)
{
	return rpc_reply_printf(call, "\"ok\"");
}

static int check(struct rpc_call *call)
{
	return rpc_reply_printf(call, "{\"id\":\"%s\",\"units\":%lld}", rpc_param(call, "id"),
				(long long)rpc_param_integer(call, "units", 1));
}

static const struct rpc_handler handlers[] = {
    {"rating.bench.ping", ping},
    {"rating.bench.check", check},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {.name = "rating", .port = 7003, .api = bench_api, .handlers = handlers};
	return daemon_main(argc, argv, &spec);
}
