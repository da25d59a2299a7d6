#include "transfers.h"

#include "base/fatal.h"
#include "base/hash_map.h"
#include "base/ip_address.h"
#include "co/sync.h"

#include <stdlib.h>

enum {
	SHARE = 4,	   /* of the places, for one address: a part in so many */
	WAITING_MOST = 64, /* of an address */
};

/* One address; lives while it has a place or waits for one. */
struct client {
	struct transfers *transfers;
	struct in6_addr network;
	struct co_semaphore places;
	size_t users;
};

struct transfers {
	struct co_semaphore places;
	size_t share;
	struct hash_map *clients;
};

struct transfers *transfers_new(size_t places)
{
	struct transfers *transfers = must_calloc(1, sizeof(*transfers));
	transfers->places.available = places;
	transfers->share = places / SHARE > 0 ? places / SHARE : 1;
	transfers->clients = hash_map_new(SIZE_MAX / 2, NULL);
	return transfers;
}

void transfers_free(struct transfers *transfers)
{
	if (!transfers)
		return;
	if (hash_map_count(transfers->clients) > 0)
		fatal("pictures pass through while the gateway ends");
	hash_map_free(transfers->clients);
	free(transfers);
}

static struct client *take_client(struct transfers *transfers, const char *address)
{
	struct in6_addr parsed, network = {0};
	if (ip_address_read(address, &parsed))
		network = ip_address_network(&parsed);
	struct client *client = hash_map_get(transfers->clients, &network, sizeof(network));
	if (!client) {
		client = must_calloc(1, sizeof(*client));
		client->transfers = transfers;
		client->network = network;
		client->places.available = transfers->share;
		if (!hash_map_put(transfers->clients, &network, sizeof(network), client))
			fatal("more addresses than requests");
	}
	client->users++;
	return client;
}

static void drop_client(struct client *client)
{
	if (--client->users > 0)
		return;
	(void)hash_map_remove(client->transfers->clients, &client->network, sizeof(client->network));
	free(client);
}

static void leave(void *argument)
{
	struct client *client = argument;
	co_semaphore_release(&client->transfers->places);
	co_semaphore_release(&client->places);
	drop_client(client);
}

static int refuse(struct context *ctx, struct client *client)
{
	drop_client(client);
	error_clear(&ctx->error);
	return context_fail(ctx, ERROR_OVERLOADED, NULL, "too many pictures at once");
}

int transfers_enter(struct context *ctx, struct transfers *transfers, const char *address)
{
	struct client *client = take_client(transfers, address);
	if (client->users > transfers->share + WAITING_MOST)
		return refuse(ctx, client);
	if (co_semaphore_acquire(&client->places, ctx->deadline) != CO_OK)
		return refuse(ctx, client);
	if (co_semaphore_acquire(&transfers->places, ctx->deadline) != CO_OK) {
		co_semaphore_release(&client->places);
		return refuse(ctx, client);
	}
	context_defer(ctx, leave, client);
	return 0;
}
