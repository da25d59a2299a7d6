#include "base/fault.h"

#ifdef EVENTLOOP_FAULTS

#include "base/fatal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 64, NAME_SIZE = 64 };

struct point {
	char name[NAME_SIZE];
	int left; /* passes that fail; -1: all */
};

static pthread_mutex_t points_lock = PTHREAD_MUTEX_INITIALIZER;
static struct point points[POINTS];
static int point_count;
static atomic_int armed; /* points that may fail: while it is 0, a pass costs one load */
static pthread_once_t environment_read = PTHREAD_ONCE_INIT;

static struct point *find(const char *name)
{
	for (int i = 0; i < point_count; i++) {
		if (strcmp(points[i].name, name) == 0)
			return &points[i];
	}
	return NULL;
}

static void count_armed(void)
{
	int count = 0;
	for (int i = 0; i < point_count; i++)
		count += points[i].left != 0;
	atomic_store(&armed, count);
}

static void arm(const char *name, int count)
{
	(void)pthread_mutex_lock(&points_lock);
	struct point *point = find(name);
	if (!point) {
		if (point_count == POINTS || strlen(name) >= NAME_SIZE)
			fatal("fault point %s: too many or too long a name", name);
		point = &points[point_count++];
		memcpy(point->name, name, strlen(name) + 1);
	}
	point->left = count;
	count_armed();
	(void)pthread_mutex_unlock(&points_lock);
}

/* "pg.send:3,link.write": a name without a count fails for ever. */
static void arm_from_environment(void)
{
	const char *list = getenv("EVENTLOOP_FAULTS");
	while (list && *list != '\0') {
		size_t length = strcspn(list, ",:");
		char name[NAME_SIZE];
		if (length >= sizeof(name))
			fatal("EVENTLOOP_FAULTS: too long a name at \"%s\"", list);
		memcpy(name, list, length);
		name[length] = '\0';
		list += length;
		long count = -1;
		if (*list == ':') {
			char *end;
			count = strtol(list + 1, &end, 10);
			if (end == list + 1 || (*end != ',' && *end != '\0') || count < -1 || count > 1000000)
				fatal("EVENTLOOP_FAULTS: a bad count at \"%s\"", list);
			list = end;
		}
		if (length > 0)
			arm(name, (int)count);
		if (*list == ',')
			list++;
	}
}

void fault_arm(const char *name, int count)
{
	(void)pthread_once(&environment_read, arm_from_environment);
	arm(name, count);
}

bool fault_hit(const char *name)
{
	(void)pthread_once(&environment_read, arm_from_environment);
	if (atomic_load_explicit(&armed, memory_order_relaxed) == 0)
		return false;
	(void)pthread_mutex_lock(&points_lock);
	struct point *point = find(name);
	bool hit = point && point->left != 0;
	if (hit && point->left > 0 && --point->left == 0)
		count_armed();
	(void)pthread_mutex_unlock(&points_lock);
	return hit;
}

#endif
