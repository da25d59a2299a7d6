#include "documents/pages.h"

#include "base/embed.h"
#include "base/fatal.h"
#include "base/macros.h"
#include "http/representation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct embedded_file gateway_assets[];

/* A file as it is served. */
struct page {
	const struct embedded_file *file;
	struct http_representation representation;
};

struct pages {
	size_t count;
	struct page list[];
};

static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	if (dot && strcmp(dot, ".js") == 0)
		return "text/javascript; charset=utf-8";
	if (dot && strcmp(dot, ".css") == 0)
		return "text/css; charset=utf-8";
	if (dot && strcmp(dot, ".svg") == 0)
		return "image/svg+xml";
	return "text/html; charset=utf-8";
}

static void serve_page(struct http_exchange *exchange, void *argument)
{
	struct page *page = argument;
	const struct embedded_file *file = page->file;
	http_reply_header(exchange, "X-Content-Type-Options", "nosniff");
	/* A letter's link carries a token. */
	http_reply_header(exchange, "Referrer-Policy", "no-referrer");
	http_reply_header(
	    exchange, "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
	    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
	http_representation_reply(&page->representation, exchange, type_of(file->name), "no-cache", file->start,
				  (size_t)(file->end - file->start));
}

/* 308 Permanent Redirect keeps the method, so HEAD stays HEAD. */
static void lead_to_docs(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	http_reply_header(exchange, "Location", "/docs");
	http_reply(exchange, 308, NULL, "", 0);
}

/* Pages, by their paths. account.js looks which one it is; letters of passport link to them. */
static const struct {
	const char *path, *file;
} paths[] = {
    {"/docs", "docs.html"},
    {"/login", "account.html"},
    {"/register", "account.html"},
    {"/verify-email", "account.html"},
    {"/reset-password", "account.html"},
    {"/invitations", "account.html"},
};

static void route_page(struct page *page, pages_router *route, void *argument)
{
	char path[100];
	(void)snprintf(path, sizeof(path), "/docs/%s", page->file->name);
	route(argument, path, serve_page, page);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (strcmp(page->file->name, paths[i].file) == 0)
			route(argument, paths[i].path, serve_page, page);
	}
}

struct pages *pages_new(pages_router *route, void *argument)
{
	size_t count = 0;
	while (gateway_assets[count].name)
		count++;
	struct pages *pages = must_calloc(1, sizeof(*pages) + count * sizeof(struct page));
	pages->count = count;
	for (size_t i = 0; i < count; i++) {
		pages->list[i].file = &gateway_assets[i];
		route_page(&pages->list[i], route, argument);
	}
	route(argument, "/", lead_to_docs, NULL);
	route(argument, "/docs/", lead_to_docs, NULL);
	return pages;
}

void pages_free(struct pages *pages)
{
	for (size_t i = 0; pages && i < pages->count; i++)
		http_representation_done(&pages->list[i].representation);
	free(pages);
}
