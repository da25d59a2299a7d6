#include "decode/decoders.h"

#include "co/offload.h"
#include "config/config.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct offload_pool *pool;
static size_t users;

struct offload_pool *decoders_take(const struct config *config)
{
	(void)pthread_mutex_lock(&lock);
	if (users == 0) {
		pool = offload_pool_new((size_t)config_integer(config, "decode_threads"),
					(size_t)config_integer(config, "decode_queue"));
		if (pool)
			offload_pool_set_nice(pool, (int)config_integer(config, "offload_nice"));
	}
	if (pool)
		users++;
	struct offload_pool *taken = pool;
	(void)pthread_mutex_unlock(&lock);
	return taken;
}

void decoders_release(void)
{
	(void)pthread_mutex_lock(&lock);
	struct offload_pool *last = users > 0 && --users == 0 ? pool : NULL;
	if (last)
		pool = NULL;
	(void)pthread_mutex_unlock(&lock);
	offload_pool_free(last);
}
