#include "upload/places.h"

#include "base/fatal.h"
#include "base/hash_map.h"
#include "base/ids.h"
#include "co/sync.h"

#include <stdio.h>
#include <stdlib.h>

#define RETRY_AFTER_MS 1000

struct upload_places {
	struct hash_map *by_owner;
	size_t at_once, decoded;
};

/* Of one owner; there as long as an upload is under way. */
struct upload_place {
	struct upload_places *places;
	char owner[UUID_SIZE];
	size_t count;
	struct co_semaphore turns;
};

struct upload_places *upload_places_new(size_t at_once, size_t decoded)
{
	struct upload_places *places = must_calloc(1, sizeof(*places));
	places->by_owner = hash_map_new(UPLOAD_OWNERS_MAX, NULL);
	places->at_once = at_once;
	places->decoded = decoded;
	return places;
}

void upload_places_free(struct upload_places *places)
{
	if (!places)
		return;
	hash_map_free(places->by_owner);
	free(places);
}

static struct upload_place *add_owner(struct upload_places *places, const char *owner)
{
	struct upload_place *place = must_calloc(1, sizeof(*place));
	place->places = places;
	place->turns.available = places->decoded;
	(void)snprintf(place->owner, sizeof(place->owner), "%s", owner);
	if (hash_map_put_text(places->by_owner, place->owner, place))
		return place;
	free(place);
	return NULL;
}

static void give_back(void *argument)
{
	struct upload_place *place = argument;
	if (--place->count > 0)
		return;
	hash_map_remove_text(place->places->by_owner, place->owner);
	free(place);
}

static void refuse(struct context *ctx, size_t limit)
{
	(void)context_fail(ctx, ERROR_RATE_LIMITED, "uploads_at_once",
			   "%zu uploads of yours are under way: wait for one", limit);
	ctx->error.retry_after_ms = RETRY_AFTER_MS;
	ctx->error.details = arena_printf(&ctx->arena, "{\"maximum\":%zu}", limit);
}

struct upload_place *upload_place_take(struct context *ctx, struct upload_places *places, const char *owner)
{
	struct upload_place *place = hash_map_get_text(places->by_owner, owner);
	if (!place && !(place = add_owner(places, owner))) {
		(void)context_fail(ctx, ERROR_OVERLOADED, "uploads", NULL);
		return NULL;
	}
	if (place->count >= places->at_once) {
		refuse(ctx, places->at_once);
		return NULL;
	}
	place->count++;
	context_defer(ctx, give_back, place);
	return place;
}

static void end_turn(void *argument)
{
	struct upload_place *place = argument;
	co_semaphore_release(&place->turns);
}

int upload_place_turn(struct context *ctx, struct upload_place *place)
{
	if (co_check(ctx, co_semaphore_acquire(&place->turns, ctx->deadline)))
		return -1;
	context_defer(ctx, end_turn, place);
	return 0;
}
