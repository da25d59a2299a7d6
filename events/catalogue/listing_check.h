/*
 * What a listing may hold, beyond what the schema can say: properties that the catalogue knows, images that exist, a
 * time zone that PostgreSQL knows.
 *
 * Purpose: the same checks for events.listing.create, update and the import.
 */
#ifndef EVENTLOOP_EVENTS_LISTING_CHECK_H
#define EVENTLOOP_EVENTS_LISTING_CHECK_H

#include "base/context.h"
#include "base/macros.h"

#include <json-c/json.h>
#include <stdbool.h>

struct catalogue;
struct rpc_call;

/* What is wrong with a value, for rpc_invalid or an import's report. path begins with /properties/ or /type. */
struct listing_fault {
	const char *path, *rule;
	const char *expected; /* JSON text, or NULL */
};

/* True for a day of the years 0001 to 9999 as YYYY-MM-DD, every digit there. */
bool listing_date_valid(const char *text);

/* True when type and properties (NULL: none) fit the catalogue; else *ret_fault says what does not. Texts in arena. */
bool listing_fits(struct arena *arena, const struct catalogue *catalogue, const char *type,
		  struct json_object *properties, struct listing_fault *ret_fault) MUST_CHECK;

/* Checks the call's properties for the type, its images and its time_zone. 0, or -1 with invalid_params (or unavailable
 * when images cannot be asked). */
int listing_check(struct rpc_call *call, const char *type) MAY_SUSPEND MUST_CHECK;

#endif
