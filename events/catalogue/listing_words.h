/*
 * The words of a listing: the text that a moderator must approve before strangers see it. It is the title, description
 * and address, and the properties of the kind text.
 *
 * Purpose: splits an update of a published listing into what is done at once and what waits for a moderator.
 * Invariants: pure; nothing given is changed. Fields have the shape of events.listing.update's parameters: "title",
 * "description", "address", and "properties" with those that change alone, null for one that is taken away.
 */
#ifndef EVENTLOOP_EVENTS_LISTING_WORDS_H
#define EVENTLOOP_EVENTS_LISTING_WORDS_H

#include "base/context.h"

#include <json-c/json.h>
#include <stdbool.h>

/* True when the property holds text that people write. */
typedef bool listing_words_property(const void *argument, const char *key);

/* An update of a published listing. All borrowed. */
struct listing_words_update {
	struct json_object *published; /* the listing's title, description, address and all its properties */
	struct json_object *waiting;   /* fields of the change that waits already; NULL: none */
	struct json_object *params;    /* of events.listing.update */
	listing_words_property *is_words;
	const void *argument; /* for is_words */
};

/* What of it waits and what does not. Texts of JSON objects in the arena. */
struct listing_words_split {
	const char *now; /* the parameters without words; properties, if given, with the words that are published */
	const char
	    *fields; /* the given words that differ from the published ones, and those that waited and were not given */
	bool waits;  /* fields are not empty */
	bool changed; /* fields differ from those that waited */
};

/* Splits an update. */
struct listing_words_split listing_words_split(struct context *ctx, const struct listing_words_update *update);

#endif
