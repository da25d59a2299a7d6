#include "daemon/settings.h"

#include "base/ip_address.h"
#include "daemon/daemon.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINK_OFFSET 100
#define SECONDS(count) ((count)*INT64_C(1000000))

/* Rows whose defaults the daemon decides: these come first in the table. */
enum { ROW_PORT, ROW_HTTP_ENGINE, ROW_DATABASE_URL };

/* Where a daemon that others call listens for them. */
static const struct config_option called[] = {
    {.name = "link_address",
     .type = CONFIG_TEXT,
     .fallback = "127.0.0.1",
     .max = 64,
     .help = "numeric, IPv4 or IPv6; of the link, which only daemons need to reach"},
    {.name = "link_port", .type = CONFIG_INTEGER, .fallback = "0", .max = 65535, .help = "of the link; 0: port + 100"},
};

static struct config_option table[] = {
    [ROW_PORT] = {.name = "port", .type = CONFIG_INTEGER, .max = 65535, .help = "of HTTP; 0 takes any free one"},
    [ROW_HTTP_ENGINE] = {.name = "http_engine",
			 .type = CONFIG_CHOICE,
			 .choices = "evhttp|direct",
			 .help = "what reads HTTP: libevent's server, or our own around llhttp"},
    [ROW_DATABASE_URL] = {.name = "database_url",
			  .type = CONFIG_TEXT,
			  .max = 2000,
			  .help = "PostgreSQL, as a libpq connection string or URI"},
    {.name = "listen_address", .type = CONFIG_TEXT, .fallback = "127.0.0.1", .max = 64, .help = "numeric; of HTTP"},
    {.name = "internal_listen",
     .type = CONFIG_TEXT,
     .fallback = "",
     .max = 80,
     .help =
	 "address:port for /livez, /readyz and /metrics, which then leave the other port: 127.0.0.1:8081, [::1]:8081, "
	 ":8081 for all addresses"},
    {.name = "database_read_connections",
     .type = CONFIG_INTEGER,
     .fallback = "1",
     .min = 1,
     .max = 16,
     .help = "shared by reads, a thread"},
    {.name = "database_lease_connections",
     .type = CONFIG_INTEGER,
     .fallback = "6",
     .min = 1,
     .max = 64,
     .help = "at most, for transactions, a thread; opened when needed"},
    {.name = "database_queue_limit",
     .type = CONFIG_INTEGER,
     .fallback = "1024",
     .min = 1,
     .max = 1000000,
     .help = "callers that wait for a connection, a thread; more are told that it is overloaded"},
    {.name = "search_connections",
     .type = CONFIG_INTEGER,
     .fallback = "2",
     .min = 1,
     .max = 16,
     .help = "how many searches the database works for at once, a thread; they have connections of their own"},
    {.name = "search_queue",
     .type = CONFIG_INTEGER,
     .fallback = "64",
     .min = 1,
     .max = 256,
     .help = "searches that wait for such a connection; more are told that it is overloaded"},
    {.name = "search_timeout",
     .type = CONFIG_DURATION,
     .fallback = "2s",
     .min = 10 * INT64_C(1000),
     .max = SECONDS(600),
     .help = "for one statement of them; the database ends what takes longer"},
    {.name = "export_connections",
     .type = CONFIG_INTEGER,
     .fallback = "1",
     .min = 1,
     .max = 16,
     .help = "how many exports the database works for at once, a thread; they have connections of their own"},
    {.name = "export_queue",
     .type = CONFIG_INTEGER,
     .fallback = "16",
     .min = 1,
     .max = 256,
     .help = "exports that wait for such a connection; more are told that it is overloaded"},
    {.name = "export_timeout",
     .type = CONFIG_DURATION,
     .fallback = "8s",
     .min = 10 * INT64_C(1000),
     .max = SECONDS(600),
     .help = "for one statement of them; the database ends what takes longer"},
    {.name = "workers",
     .type = CONFIG_INTEGER,
     .fallback = "1",
     .min = 1,
     .max = 64,
     .help = "threads, each with a loop"},
    {.name = "log_level",
     .type = CONFIG_CHOICE,
     .fallback = "info",
     .flags = CONFIG_RELOADABLE,
     .choices = "debug|info|warning|error",
     .help = "the lowest that is written"},
    {.name = "log_format",
     .type = CONFIG_CHOICE,
     .fallback = "json",
     .flags = CONFIG_RELOADABLE,
     .choices = "json|text",
     .help = "json for programs, text for people"},
    {.name = "shutdown_grace",
     .type = CONFIG_DURATION,
     .fallback = "10s",
     .max = SECONDS(3600),
     .help = "how long requests may take to end after SIGTERM"},
    {.name = "migrate",
     .type = CONFIG_BOOLEAN,
     .fallback = "false",
     .help = "bring the database up to date before serving"},
    {.name = "data_dir", .type = CONFIG_TEXT, .fallback = "", .max = 1000, .help = "for files of the daemon's own"},
    {.name = "passport_url",
     .type = CONFIG_TEXT,
     .fallback = "http://127.0.0.1:7001",
     .max = 500,
     .help = "of passport's HTTP: the keys of tokens come from there"},
    {.name = "token_keys_refetch",
     .type = CONFIG_DURATION,
     .fallback = "5m",
     .min = SECONDS(1),
     .max = SECONDS(86400),
     .help = "they are fetched again so often; shorter than passport's key_publish_delay"},
    {.name = "token_issuer",
     .type = CONFIG_TEXT,
     .fallback = "",
     .max = 500,
     .help = "iss of the tokens, a setting of passport; empty: public_url. The others learn it with the keys"},
    {.name = "public_url",
     .type = CONFIG_TEXT,
     .fallback = "http://127.0.0.1:8080",
     .min = 1,
     .max = 500,
     .help = "where everybody reaches the gateway: links in letters begin with it, and it is the issuer of tokens"},
    {.name = "token_audience",
     .type = CONFIG_TEXT,
     .fallback = "eventloop",
     .min = 1,
     .max = 200,
     .help = "aud of the tokens"},
    {.name = "service_secret",
     .type = CONFIG_TEXT,
     .fallback = "",
     .max = 500,
     .flags = CONFIG_SECRET,
     .help = "of this daemon's service account at passport"},
    {.name = "link_secret",
     .type = CONFIG_TEXT,
     .min = LINK_SECRET_MIN,
     .max = 500,
     .flags = CONFIG_SECRET | CONFIG_REQUIRED,
     .help = "by which daemons know each other before anything else; the same for all five, 32 characters at least"},
    {.name = "link_secret_previous",
     .type = CONFIG_TEXT,
     .fallback = "",
     .min = LINK_SECRET_MIN,
     .max = 500,
     .flags = CONFIG_SECRET,
     .help = "counts too, while link_secret is being changed"},
    {.name = "passport_link",
     .type = CONFIG_TEXT,
     .fallback = "127.0.0.1:7101",
     .max = 2000,
     .help = "addresses of passport's link: host:port,host:port"},
    {.name = "events_link",
     .type = CONFIG_TEXT,
     .fallback = "127.0.0.1:7102",
     .max = 2000,
     .help = "the same of events"},
    {.name = "rating_link",
     .type = CONFIG_TEXT,
     .fallback = "127.0.0.1:7103",
     .max = 2000,
     .help = "the same of rating"},
    {.name = "images_link",
     .type = CONFIG_TEXT,
     .fallback = "127.0.0.1:7104",
     .max = 2000,
     .help = "the same of images"},
    {.name = "link_connections",
     .type = CONFIG_INTEGER,
     .fallback = "1",
     .min = 1,
     .max = 64,
     .help = "to each address of a daemon; several when that one has several workers"},
    {.name = "max_body",
     .type = CONFIG_SIZE,
     .fallback = "1MiB",
     .min = 1024,
     .max = 1 << 30,
     .help = "of an HTTP request"},
    {.name = "max_body_anonymous",
     .type = CONFIG_SIZE,
     .fallback = "64KiB",
     .min = 1024,
     .max = 1 << 30,
     .help = "of a request to the gateway without a valid access token"},
    {.name = "max_headers",
     .type = CONFIG_SIZE,
     .fallback = "16KiB",
     .min = 1024,
     .max = 1 << 20,
     .help = "of an HTTP request"},
    {.name = "max_connections",
     .type = CONFIG_INTEGER,
     .fallback = "4096",
     .min = 1,
     .max = 1000000,
     .help = "of HTTP, a thread"},
    {.name = "connections_per_address",
     .type = CONFIG_INTEGER,
     .fallback = "256",
     .max = 1000000,
     .help = "of HTTP, a thread; an IPv6 /64 is one address, a /48 has four times as many. Beyond it the oldest idle "
	     "one of the address goes; 0: as many as there are"},
    {.name = "buffer_budget",
     .type = CONFIG_SIZE,
     .fallback = "96MiB",
     .max = INT64_C(1) << 40,
     .help = "of HTTP bodies and answers that wait in memory, shared out to the threads; beyond it the connection that "
	     "holds most goes; 0: no limit"},
    {.name = "max_in_flight",
     .type = CONFIG_INTEGER,
     .fallback = "4096",
     .min = 1,
     .max = 1000000,
     .help = "requests being handled, a thread; of HTTP and of the link each"},
    {.name = "max_batch",
     .type = CONFIG_INTEGER,
     .fallback = "100",
     .min = 1,
     .max = 10000,
     .help = "calls in a batch"},
    {.name = "max_answer",
     .type = CONFIG_SIZE,
     .fallback = "4MiB",
     .min = 1024,
     .max = 1 << 26,
     .help = "of a call or of a whole batch"},
    {.name = "max_depth",
     .type = CONFIG_INTEGER,
     .fallback = "32",
     .min = 4,
     .max = 120,
     .help = "of JSON in requests"},
    {.name = "request_deadline",
     .type = CONFIG_DURATION,
     .fallback = "10s",
     .min = 1000,
     .max = SECONDS(3600),
     .help = "for a request that asks for no earlier one"},
    {.name = "read_timeout",
     .type = CONFIG_DURATION,
     .fallback = "15s",
     .min = 1000,
     .max = SECONDS(3600),
     .help = "for an HTTP request to arrive whole"},
    {.name = "idle_timeout",
     .type = CONFIG_DURATION,
     .fallback = "75s",
     .min = 1000,
     .max = SECONDS(3600),
     .help = "of an HTTP connection between requests"},
    {.name = "max_coroutines",
     .type = CONFIG_INTEGER,
     .fallback = "16000",
     .min = 64,
     .max = 30000,
     .help = "alive at once, a thread"},
    {.name = "offload_threads",
     .type = CONFIG_INTEGER,
     .fallback = "0",
     .max = 256,
     .help = "for hashing, images, names; 0: as many as cores"},
    {.name = "offload_nice",
     .type = CONFIG_INTEGER,
     .fallback = "10",
     .max = 19,
     .help = "how much less urgent they are than answering (nice); 0: as urgent"},
    {.name = "offload_queue",
     .type = CONFIG_INTEGER,
     .fallback = "64",
     .min = 1,
     .max = 100000,
     .help = "jobs that wait for such a thread; more are told that it is overloaded"},
    {.name = NULL},
};

static char port_text[8];
static struct config_option whole[ARRAY_SIZE(called) + ARRAY_SIZE(table)];

const struct config_option *settings_table(const struct daemon_spec *spec)
{
	(void)snprintf(port_text, sizeof(port_text), "%u", spec->port);
	table[ROW_PORT].fallback = port_text;
	table[ROW_HTTP_ENGINE].fallback = spec->direct_http ? "direct" : "evhttp";
	table[ROW_DATABASE_URL].flags = CONFIG_SECRET | (spec->migrations ? CONFIG_REQUIRED : 0);
	memcpy(whole, table, sizeof(table));
	/* In the place of the row that ends the table; one of zeros follows. */
	if (!spec->uncalled)
		memcpy(whole + ARRAY_SIZE(table) - 1, called, sizeof(called));
	return whole;
}

static const struct config_option *find(const struct config_option *options, const char *name, size_t length)
{
	for (; options && options->name; options++) {
		if (strlen(options->name) == length && memcmp(options->name, name, length) == 0)
			return options;
	}
	return NULL;
}

const struct config_option *settings_find(const struct daemon_spec *spec, const char *name, size_t length)
{
	const struct config_option *option = find(settings_table(spec), name, length);
	return option ? option : find(spec->options, name, length);
}

struct link_secrets settings_link_secrets(const struct config *config)
{
	return (struct link_secrets){config_text(config, "link_secret"), config_text(config, "link_secret_previous")};
}

uint16_t settings_link_port(const struct config *config)
{
	int64_t port = config_integer(config, "port"), link_port = config_integer(config, "link_port");
	if (link_port == 0 && port != 0)
		link_port = port + LINK_OFFSET;
	return link_port <= UINT16_MAX ? (uint16_t)link_port : 0;
}

void settings_rpc_url(const struct config *config, char *url, size_t size)
{
	const char *address = config_text(config, "listen_address");
	int64_t port = config_integer(config, "port");
	bool every = address[0] == '\0' || strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
	const char *host = every ? "127.0.0.1" : address;
	url[0] = '\0';
	if (port != 0)
		(void)snprintf(url, size, strchr(host, ':') ? "http://[%s]:%lld/rpc" : "http://%s:%lld/rpc", host,
			       (long long)port);
}

int settings_internal_listen(const struct config *config, struct settings_address *ret)
{
	const char *text = config_text(config, "internal_listen"), *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;
	char *end = NULL;
	*ret = (struct settings_address){0};
	if (text[0] == '\0')
		return 0;
	long port = colon && isdigit((unsigned char)colon[1]) ? strtol(colon + 1, &end, 10) : -1;
	if (port < 0 || port > UINT16_MAX || *end != '\0')
		return -1;
	if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length >= sizeof(ret->host))
		return -1;
	memcpy(ret->host, text, length);
	ret->port = (uint16_t)port;
	struct in6_addr address;
	return length == 0 || ip_address_read(ret->host, &address) ? 1 : -1;
}

void settings_apply_log(const struct daemon_spec *spec, const struct config *config)
{
	static const char *const levels[] = {
	    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};
	enum log_level level = LOG_INFO;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (strcmp(config_text(config, "log_level"), levels[i]) == 0)
			level = (enum log_level)i;
	}
	bool text = strcmp(config_text(config, "log_format"), "text") == 0;
	log_configure(spec->name, level, text ? LOG_TEXT : LOG_JSON);
}
