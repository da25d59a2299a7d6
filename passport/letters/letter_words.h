/*
 * Times and amounts as people read them in a letter: in its language, on the wall clock of the venue.
 *
 * Purpose: a letter says when in the venue's zone, whose name stands with it; the zone of whoever reads it does not
 * matter. Invariants: pure but for the reading of zoneinfo (zone/zone.h); texts in the arena. Locales are those of
 * mail_letter_locale.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_LETTER_WORDS_H
#define EVENTLOOP_PASSPORT_LETTERS_LETTER_WORDS_H

#include "base/arena.h"

#include <stdint.h>

struct zone;

/* "Saturday, 12 December 2026, 18:00" of an instant (wall microseconds). */
const char *letter_time(struct arena *arena, const char *locale, const struct zone *zone, int64_t instant);

/* "Saturday, 12 December 2026, 18:00 – 23:00"; both dates where they differ. An end that the clock shows twice, or that
 * has another offset than the beginning, is told apart by the offsets in letter_zone. */
const char *letter_period(struct arena *arena, const char *locale, const struct zone *zone, int64_t from, int64_t to);

/* "Europe/Oslo, UTC+01:00"; "Europe/Oslo, UTC+01:00, then UTC+02:00" where the clocks change between the two. */
const char *letter_zone(struct arena *arena, const char *locale, const char *name, const struct zone *zone,
			int64_t from, int64_t to);

/* "1,234.50 EUR" of an amount in minor units; in Russian "1 234,50 EUR" with unbreakable spaces. */
const char *letter_money(struct arena *arena, const char *locale, int64_t amount, const char *currency);

#endif
