#include "availability/capacity.h"

#include <stdlib.h>

/* Where the count of taken units changes. */
struct edge {
	int64_t at;
	int change;
};

static int by_time(const void *one, const void *other)
{
	const struct edge *a = one, *b = other;
	return (a->at > b->at) - (a->at < b->at);
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

static size_t edges_of(const struct taken *taken, size_t count, const struct span *window, struct edge *edges)
{
	size_t made = 0;
	for (size_t i = 0; i < count; i++) {
		int64_t from = clamp(taken[i].period.from, window->from, window->to);
		int64_t to = clamp(taken[i].period.to, window->from, window->to);
		if (from >= to)
			continue;
		edges[made++] = (struct edge){from, 1};
		edges[made++] = (struct edge){to, -1};
	}
	if (made > 1)
		qsort(edges, made, sizeof(*edges), by_time);
	return made;
}

/* Appends a step; one as free as the last prolongs it. */
static size_t append(struct free_step *steps, size_t count, struct span period, int free)
{
	if (period.from >= period.to)
		return count;
	if (count > 0 && steps[count - 1].free == free) {
		steps[count - 1].period.to = period.to;
		return count;
	}
	steps[count] = (struct free_step){period, free};
	return count + 1;
}

size_t capacity_steps(int total, const struct taken *taken, size_t count, const struct span *window,
		      struct arena *arena, struct free_step **ret)
{
	struct edge *edges = arena_alloc(arena, 2 * count * sizeof(*edges));
	size_t made = edges_of(taken, count, window, edges), steps = 0;
	*ret = arena_alloc(arena, (made + 1) * sizeof(**ret));
	int used = 0;
	int64_t at = window->from;
	for (size_t i = 0; i < made; i++) {
		steps = append(*ret, steps, (struct span){at, edges[i].at}, used < total ? total - used : 0);
		at = edges[i].at;
		used += edges[i].change;
	}
	return append(*ret, steps, (struct span){at, window->to}, used < total ? total - used : 0);
}

int capacity_least(const struct free_step *steps, size_t count, const struct span *period)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (steps[middle].period.to <= period->from)
			low = middle + 1;
		else
			high = middle;
	}
	int least = low < count ? steps[low].free : 0;
	for (; low < count && steps[low].period.from < period->to; low++)
		if (steps[low].free < least)
			least = steps[low].free;
	return least;
}

/* A step of units keeps guests away from the buffer after it on: it says something about guests from there to its end
 * and the buffer before. Between such moments the count is one. */
size_t capacity_guest_steps(const struct free_step *steps, size_t count, int64_t before, int64_t after,
			    const struct span *window, struct arena *arena, struct free_step **ret)
{
	struct edge *edges = arena_alloc(arena, (2 * count + 1) * sizeof(*edges));
	size_t made = 0, guest_steps = 0;
	for (size_t i = 0; i < count; i++) {
		edges[made++].at = clamp(steps[i].period.from - after, window->from, window->to);
		edges[made++].at = clamp(steps[i].period.to + before, window->from, window->to);
	}
	edges[made++].at = window->to;
	qsort(edges, made, sizeof(*edges), by_time);
	*ret = arena_alloc(arena, made * sizeof(**ret));
	int64_t at = window->from;
	for (size_t i = 0; i < made; i++) {
		const struct span needed = {at - before, at + 1 + after};
		guest_steps =
		    append(*ret, guest_steps, (struct span){at, edges[i].at}, capacity_least(steps, count, &needed));
		at = edges[i].at;
	}
	return guest_steps;
}

int capacity_named(int total, const struct taken *taken, size_t count, const struct span *period, struct arena *arena)
{
	bool *is_taken = arena_zalloc(arena, ((size_t)total + 1) * sizeof(*is_taken));
	int free = total;
	for (size_t i = 0; i < count; i++) {
		bool counts = taken[i].unit >= 1 && taken[i].unit <= total && !is_taken[taken[i].unit];
		if (!counts || taken[i].period.from >= period->to || taken[i].period.to <= period->from)
			continue;
		is_taken[taken[i].unit] = true;
		free--;
	}
	return free;
}
