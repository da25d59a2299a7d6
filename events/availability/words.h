/*
 * Refusals in words: why a period cannot be booked, as data for programs and as a sentence for people.
 *
 * Purpose: one table has every rule with its sentences, English and Russian; the values of a refusal fill them.
 * Ownership: texts in the arena given, or static. Invariants: for each set of values that the code gives with a rule
 * there is a sentence that has room for no other. Use: collect values with words_number and its like, then
 * words_refusal.
 */
#ifndef EVENTLOOP_EVENTS_WORDS_H
#define EVENTLOOP_EVENTS_WORDS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "zone/zone.h"

#include <stddef.h>
#include <stdint.h>

enum words_language {
	WORDS_ENGLISH,
	WORDS_RUSSIAN,
	WORDS_LANGUAGES,
};

/* Why not. */
struct refusal {
	const char *rule;		    /* one word: "closed" */
	const char *details;		    /* JSON members without braces; NULL: none */
	const char *words[WORDS_LANGUAGES]; /* a sentence */
};

/* A value: the name of its member, its JSON text, and how a sentence shows it. */
struct words_value {
	const char *name, *json;
	const char *shown[WORDS_LANGUAGES];
};

/* A count. */
struct words_value words_number(struct arena *arena, const char *name, int64_t number);

/* A length of time: in seconds for programs, in days, hours, minutes and seconds for people. microseconds: at least 0.
 */
struct words_value words_length(struct arena *arena, const char *name, int64_t microseconds);

/* An instant, for people on the zone's wall clock to the minute: 2026-12-24 18:00. */
struct words_value words_instant(struct arena *arena, const char *name, const struct zone *zone, int64_t instant);

/* A text that somebody wrote. */
struct words_value words_text(struct arena *arena, const char *name, const char *text);

/* The refusal by a rule with these values. */
struct refusal words_refusal(struct arena *arena, const char *rule, size_t count, const struct words_value *values);

/* Appends a refusal as a JSON object: its rule, its values, and `message`, an object of the sentences by language or
 * the sentence in the one asked for ("en", "ru"; NULL: all). */
void words_append(struct buffer *out, const struct refusal *refusal, const char *language);

#endif
