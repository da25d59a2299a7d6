#include "zone/zone_internal.h"

#include "base/clock.h"
#include "base/fatal.h"

#include <stdlib.h>
#include <string.h>

/* RFC 9636 section 3: a header of 44 bytes, its six counts from byte 20 on. */
enum { HEADER_SIZE = 44, FOOTER_LONGEST = 200 };
enum { IS_UT_COUNT, IS_STD_COUNT, LEAP_COUNT, TIME_COUNT, TYPE_COUNT, CHARACTER_COUNT, COUNTS };
#define TYPE_SIZE ((size_t)6)
#define COUNT_MOST 10000		   /* far more than any zone has: sums stay small */
#define SECONDS_MOST INT64_C(100000000000) /* some 3,000 years; zic writes -2^59 for "always" */

struct block {
	size_t counts[COUNTS];
	const unsigned char *times, *kinds, *types; /* of the transitions, their types, the types */
	const unsigned char *end;
};

static uint64_t big_endian(const unsigned char *bytes, size_t size)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

static bool read_block(const unsigned char *at, const unsigned char *end, size_t time_size, struct block *ret)
{
	if (end - at < HEADER_SIZE || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
		return false;
	for (size_t i = 0; i < COUNTS; i++) {
		ret->counts[i] = (size_t)big_endian(at + 20 + i * 4, 4);
		if (ret->counts[i] > COUNT_MOST)
			return false;
	}
	const size_t *counts = ret->counts;
	size_t times = counts[TIME_COUNT] * time_size, types = counts[TYPE_COUNT] * TYPE_SIZE;
	size_t rest =
	    counts[CHARACTER_COUNT] + counts[LEAP_COUNT] * (time_size + 4) + counts[IS_STD_COUNT] + counts[IS_UT_COUNT];
	if ((size_t)(end - at - HEADER_SIZE) < times + counts[TIME_COUNT] + types + rest || counts[TYPE_COUNT] == 0)
		return false;
	ret->times = at + HEADER_SIZE;
	ret->kinds = ret->times + times;
	ret->types = ret->kinds + counts[TIME_COUNT];
	ret->end = ret->types + types + rest;
	return true;
}

static int32_t offset_of(const struct block *block, size_t type)
{
	return (int32_t)(uint32_t)big_endian(block->types + type * TYPE_SIZE, 4);
}

static bool is_offset(int32_t seconds)
{
	return seconds > -86400 * 2 && seconds < 86400 * 2;
}

/* Times before the first transition are of type 0 (section 3.2). */
static bool read_changes(const struct block *block, struct zone *zone)
{
	for (size_t i = 0; i < block->counts[TYPE_COUNT]; i++)
		if (!is_offset(offset_of(block, i)))
			return false;
	zone_append(zone, INT64_MIN, offset_of(block, 0));
	int64_t before = INT64_MIN;
	for (size_t i = 0; i < block->counts[TIME_COUNT]; i++) {
		int64_t seconds = (int64_t)big_endian(block->times + i * 8, 8);
		if (block->kinds[i] >= block->counts[TYPE_COUNT] || seconds <= before || seconds > SECONDS_MOST)
			return false;
		before = seconds;
		int64_t at = seconds < -SECONDS_MOST ? INT64_MIN : seconds * CLOCK_SECOND;
		zone_append(zone, at, offset_of(block, block->kinds[i]));
	}
	return true;
}

/* The footer stands between two line feeds behind the block. */
static bool read_footer(const unsigned char *at, const unsigned char *end, struct zone *zone)
{
	if (at == end || *at != '\n')
		return false;
	const unsigned char *last = memchr(at + 1, '\n', (size_t)(end - at) - 1);
	if (!last || last - at > FOOTER_LONGEST)
		return false;
	size_t length = (size_t)(last - at) - 1;
	char rule[FOOTER_LONGEST + 1];
	memcpy(rule, at + 1, length);
	rule[length] = '\0';
	return zone_footer_apply(zone, rule);
}

struct zone *zone_file_read(const unsigned char *bytes, size_t size)
{
	const unsigned char *end = bytes + size;
	/* The first block is for readers of version 1, with times of 32 bits. */
	struct block old = {0}, block = {0};
	if (!read_block(bytes, end, 4, &old) || !read_block(old.end, end, 8, &block))
		return NULL;
	struct zone *zone = must_calloc(1, sizeof(*zone));
	if (read_changes(&block, zone) && read_footer(block.end, end, zone))
		return zone;
	zone_free(zone);
	return NULL;
}
