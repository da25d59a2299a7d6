#include "co/offload.h"
#include "postgres/link.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The job owns its texts: it may go on when nobody waits for it any more. */
struct lookup {
	char host[256];
	char address[64];
	int error; /* of getaddrinfo */
};

static void look_up(void *argument)
{
	struct lookup *lookup = argument;
	const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	lookup->error = getaddrinfo(lookup->host, NULL, &wanted, &found);
	if (lookup->error == 0)
		lookup->error = getnameinfo(found->ai_addr, found->ai_addrlen, lookup->address, sizeof(lookup->address),
					    NULL, 0, NI_NUMERICHOST);
	if (found)
		freeaddrinfo(found);
}

int pg_resolve(struct context *ctx, const char *host, char *address, size_t size)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	int result = 0;
	if (!lookup)
		abort();
	(void)snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	if (offload_run(ctx, offload_default(), look_up, lookup, free) != 0) {
		error_set_cause(&ctx->error, "%s was not resolved in time", host);
		return -1;
	}
	if (lookup->error != 0) {
		result = context_fail(ctx, ERROR_UNAVAILABLE, "database", NULL);
		error_set_cause(&ctx->error, "%s: %s", host, gai_strerror(lookup->error));
	} else {
		(void)snprintf(address, size, "%s", lookup->address);
	}
	free(lookup);
	return result;
}
