/*
 * The catalogue in memory: types and properties, for checking what comes in and for building searches.
 *
 * Purpose: a call knows the property `area` without a statement.
 * Ownership: one a thread, found in struct events; a snapshot is valid until the caller's next wait.
 * Invariants: at most a second old; before an unknown key is refused catalogue_refresh is called, so that a key which
 * another replica has just made is found.
 */
#ifndef EVENTLOOP_EVENTS_CATALOGUE_H
#define EVENTLOOP_EVENTS_CATALOGUE_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

struct catalogue;
struct pg;

enum property_kind {
	PROPERTY_BOOLEAN,
	PROPERTY_NUMBER,
	PROPERTY_TEXT,
	PROPERTY_ENUM,
	PROPERTY_MULTI_ENUM,
	PROPERTY_DATE,
};

struct property_value {
	const char *key;
	int term;
};

struct property {
	const char *key;
	enum property_kind kind;
	bool archived;
	int term_yes, term_no; /* boolean */
	int slot;	       /* number and date: place in listing_search.numbers, from 1 */
	size_t type_count;     /* 0: every type may have it */
	const char *const *types;
	size_t value_count;
	const struct property_value *values;
};

struct listing_type {
	const char *key;
	int term;
	bool archived;
};

/* An empty catalogue of this database; read at its first use. */
struct catalogue *catalogue_new(struct pg *db);
void catalogue_free(struct catalogue *catalogue);

/* Makes sure the snapshot is at most a second old. -1 with the database's error. */
int catalogue_current(struct context *ctx, struct catalogue *catalogue) MAY_SUSPEND MUST_CHECK;

/* Reads the catalogue again when it has changed. */
int catalogue_refresh(struct context *ctx, struct catalogue *catalogue) MAY_SUSPEND MUST_CHECK;

/* A property or type by key; NULL when there is none. Archived ones are found too. */
const struct property *catalogue_property(const struct catalogue *catalogue, const char *key);
const struct listing_type *catalogue_type(const struct catalogue *catalogue, const char *key);

/* True when listings of the type may have the property. */
bool property_fits_type(const struct property *property, const char *type);

/* The term of an enum's value; 0 when it has no such value. */
int property_term(const struct property *property, const char *value);

/* All keys of a snapshot in order, for messages and tests. */
size_t catalogue_property_count(const struct catalogue *catalogue);

#endif
