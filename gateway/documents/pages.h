/*
 * The pages that the gateway serves by itself: the reference of the methods and what letters link to, with their parts.
 *
 * Ownership: one a thread, kept as long as its server answers. Invariants: a page stands at one path, its parts below
 * /docs; `/` and `/docs/` lead to /docs; nothing but the page's own files runs in it (Content-Security-Policy).
 */
#ifndef EVENTLOOP_GATEWAY_DOCUMENTS_PAGES_H
#define EVENTLOOP_GATEWAY_DOCUMENTS_PAGES_H

#include "http/server.h"

struct pages;

/* Adds a path for GET. */
typedef void pages_router(void *argument, const char *path, http_handler *handler, void *handler_argument);

/* Makes the pages and adds each by route(argument, ...). */
struct pages *pages_new(pages_router *route, void *argument);

/* Frees them. Accepts NULL. */
void pages_free(struct pages *pages);

#endif
