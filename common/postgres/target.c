#include "postgres/link.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_numeric(const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static const char *option_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++) {
		if (strcmp(options->keyword, keyword) == 0)
			return options->val ? options->val : "";
	}
	return "";
}

/* A name in the url would make libpq resolve it synchronously. Lists of hosts are left to libpq. */
static void find_host(struct pg_target *target, const PQconninfoOption *options)
{
	const char *host = option_of(options, "host");
	if (*host == '\0' || *host == '/' || *host == '@' || strchr(host, ',') || is_numeric(host))
		return;
	if (*option_of(options, "hostaddr") != '\0')
		return;
	(void)snprintf(target->host_name, sizeof(target->host_name), "%s", host);
	if (strcmp(host, "localhost") == 0)
		(void)snprintf(target->host_address, sizeof(target->host_address), "127.0.0.1");
}

int pg_target_init(struct pg_target *target, const char *url)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	*target = (struct pg_target){0};
	if (!options)
		return -1;
	find_host(target, options);
	PQconninfoFree(options);
	target->url = strdup(url);
	return target->url ? 0 : -1;
}

bool pg_target_needs_resolving(const struct pg_target *target)
{
	return target->host_name[0] != '\0' && strcmp(target->host_name, "localhost") != 0;
}

void pg_target_done(struct pg_target *target)
{
	free(target->url);
	target->url = NULL;
}

/* What stands before "dbname" gives way to the url, what stands after it wins. */
PGconn *pg_target_start(const struct pg_target *target)
{
	const char *keywords[] = {"keepalives_idle",
				  "keepalives_interval",
				  "keepalives_count",
				  "tcp_user_timeout",
				  "dbname",
				  "fallback_application_name",
				  "client_encoding",
				  target->host_address[0] ? "hostaddr" : NULL,
				  NULL};
	const char *values[] = {"30", "10", "3", "20000", target->url, "eventloop", "UTF8", target->host_address, NULL};
	return PQconnectStartParams(keywords, values, 1);
}

void pg_target_note(struct pg_target *target, const char *text)
{
	size_t length = text ? strcspn(text, "\n") : 0;
	if (length > 0)
		(void)snprintf(target->last_error, sizeof(target->last_error), "%.*s", (int)length, text);
}
