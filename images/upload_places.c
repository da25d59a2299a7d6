#include "upload_places.h"

#include "base/fatal.h"
#include "base/ids.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define RETRY_AFTER_MS 1000

struct place {
	char owner[UUID_SIZE];
	int64_t count; /* 0: free */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct place places[UPLOAD_USERS_MAX];

/* The owner's place, or else a free one, or NULL. The lock is held. */
static struct place *find(const char *owner)
{
	struct place *free_one = NULL;
	for (size_t i = 0; i < UPLOAD_USERS_MAX; i++) {
		if (places[i].count > 0 && strcmp(places[i].owner, owner) == 0)
			return &places[i];
		if (places[i].count == 0 && !free_one)
			free_one = &places[i];
	}
	return free_one;
}

static void give_back(void *argument)
{
	struct place *place = argument;
	(void)pthread_mutex_lock(&lock);
	place->count--;
	(void)pthread_mutex_unlock(&lock);
}

/* How many the owner had before; the place is taken when that is below the limit. -1: there is none left. */
static int64_t take(const char *owner, int64_t limit, struct place **ret)
{
	(void)pthread_mutex_lock(&lock);
	struct place *place = *ret = find(owner);
	int64_t before = place ? place->count : -1;
	if (place && before < limit) {
		if (before == 0)
			(void)snprintf(place->owner, sizeof(place->owner), "%s", owner);
		place->count++;
	}
	(void)pthread_mutex_unlock(&lock);
	return before;
}

int upload_place_take(struct context *ctx, const char *owner, int64_t limit)
{
	struct place *place;
	int64_t before = take(owner, limit, &place);
	if (before < 0)
		return context_fail(ctx, ERROR_OVERLOADED, "uploads", NULL);
	if (before < limit) {
		context_defer(ctx, give_back, place);
		return 0;
	}
	(void)context_fail(ctx, ERROR_RATE_LIMITED, "uploads_at_once",
			   "%lld uploads of yours are under way: wait for one", (long long)before);
	ctx->error.retry_after_ms = RETRY_AFTER_MS;
	ctx->error.details = arena_printf(&ctx->arena, "{\"maximum\":%lld}", (long long)limit);
	return -1;
}
