/*
 * Adds to a document what client programs need and what can be derived, so that nobody has to write it into the API
 * files.
 *
 * Purpose: generators of clients, validators and mock servers demand of an OpenRPC document what follows from the rest:
 * names that are names in any language, unique and with their daemon before them ("EventsListing";
 * "EventsListingSearch" is the method, "EventsListingSearchResult" its result); the type of an enum's values; required:
 * false; the tag of a method's resource; x-format in place of a format that JSON Schema does not know. It is added
 * here, once, when the document is made. Invariants: schemas are compiled before, from the files as they are written,
 * so validation does not depend on it.
 */
#ifndef EVENTLOOP_API_PUBLISH_H
#define EVENTLOOP_API_PUBLISH_H

#include "api/internal.h"

/* Changes the document in place. False with an error text when two things would have one name. */
bool api_publish(struct api_reader *reader, struct json_object *document) MUST_CHECK;

#endif
