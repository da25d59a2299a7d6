#include "base/memory.h"

#include <mimalloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Tests and builds with sanitizers are not linked with mimalloc and do without it. */
#pragma weak mi_option_get
#pragma weak mi_option_set
#pragma weak mi_collect

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned depth;
static long usual_delay;

static bool has_mimalloc(void)
{
	return mi_option_get && mi_option_set && mi_collect;
}

void memory_thrift_begin(void)
{
	if (!has_mimalloc())
		return;
	(void)pthread_mutex_lock(&lock);
	if (depth++ == 0) {
		usual_delay = mi_option_get(mi_option_decommit_delay);
		mi_option_set(mi_option_decommit_delay, 0);
	}
	(void)pthread_mutex_unlock(&lock);
}

void memory_thrift_end(void)
{
	if (!has_mimalloc())
		return;
	(void)pthread_mutex_lock(&lock);
	if (--depth == 0) {
		mi_collect(true); /* pages that it keeps although nothing is left in them */
		mi_option_set(mi_option_decommit_delay, usual_delay);
	}
	(void)pthread_mutex_unlock(&lock);
}
