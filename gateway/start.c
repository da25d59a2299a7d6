#include "start.h"

#include "base/fatal.h"
#include "daemon/settings.h"
#include "gateway.h"
#include "methods.h"
#include "observer.h"
#include "pass.h"
#include "trusted_proxies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct embedded_file gateway_assets[];

static void serve_document(struct http_exchange *exchange, void *argument)
{
	const struct gateway *gateway = argument;
	const char *document = methods_document(gateway->methods);
	cors_reply(&gateway->cors, exchange);
	http_reply(exchange, 200, "application/json", document, strlen(document));
}

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

static void serve_asset(struct http_exchange *exchange, void *argument)
{
	const struct embedded_file *file = argument;
	http_reply_header(exchange, "Cache-Control", "no-cache");
	http_reply_header(exchange, "X-Content-Type-Options", "nosniff");
	/* A letter's link carries a token. */
	http_reply_header(exchange, "Referrer-Policy", "no-referrer");
	http_reply_header(
	    exchange, "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
	    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
	http_reply(exchange, 200, type_of(file->name), file->start, (size_t)(file->end - file->start));
}

/* Pages, by their paths. account.js looks which one it is; letters of passport link to them. */
static const struct {
	const char *path, *file;
} pages[] = {
    {"/docs", "docs.html"},
    {"/login", "account.html"},
    {"/register", "account.html"},
    {"/verify-email", "account.html"},
    {"/reset-password", "account.html"},
    {"/invitations", "account.html"},
};

/* The pages' parts are below /docs. */
static void route_assets(struct http_server *http)
{
	char path[100];
	for (const struct embedded_file *file = gateway_assets; file->name; file++) {
		(void)snprintf(path, sizeof(path), "/docs/%s", file->name);
		http_server_route(http, "GET", path, 0, serve_asset, (void *)(uintptr_t)file);
		for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
			if (strcmp(file->name, pages[i].file) == 0)
				http_server_route(http, "GET", pages[i].path, 0, serve_asset, (void *)(uintptr_t)file);
		}
	}
}

static void make_routes(struct gateway *gateway)
{
	struct http_server *http = gateway->worker->http;
	size_t max_image = (size_t)config_integer(gateway->worker->config, "max_image");
	http_server_route(http, "GET", "/openrpc.json", 0, serve_document, gateway);
	http_server_route(http, "POST", "/images", max_image, pass_handle, gateway);
	http_server_route(http, "GET", "/images/*", 0, pass_handle, gateway);
	http_server_route(http, "HEAD", "/images/*", 0, pass_handle, gateway);
	http_server_route(http, "OPTIONS", "/rpc", 0, cors_preflight, &gateway->cors);
	http_server_route(http, "OPTIONS", "/images", 0, cors_preflight, &gateway->cors);
	http_server_route(http, "OPTIONS", "/images/*", 0, cors_preflight, &gateway->cors);
	http_server_route(http, "OPTIONS", "/openrpc.json", 0, cors_preflight, &gateway->cors);
	route_assets(http);
}

/* Where callers post to: at the public address where it is known. */
static void server_url(struct gateway *gateway)
{
	const struct config *config = gateway->worker->config;
	const char *public_url = config_text(config, "public_url");
	size_t length = strlen(public_url);
	length -= length > 0 && public_url[length - 1] == '/';
	settings_rpc_url(config, gateway->server, sizeof(gateway->server));
	if (length > 0)
		(void)snprintf(gateway->server, sizeof(gateway->server), "%.*s/rpc", (int)length, public_url);
}

int gateway_start(struct daemon_worker *worker, struct context *ctx)
{
	struct gateway *gateway = must_calloc(1, sizeof(*gateway));
	worker->app = gateway;
	gateway->worker = worker;
	gateway->cors.origins = config_text(worker->config, "cors_origins");
	gateway->images_url = config_text(worker->config, "images_url");
	gateway->proxies = trusted_proxies_new(ctx, config_text(worker->config, "trusted_proxies"));
	if (!gateway->proxies)
		return -1;
	gateway->observer = observer_new();
	server_url(gateway);
	gateway->methods = methods_new(worker->client, worker->api, gateway->server);
	if (!gateway->methods)
		return context_fail_internal(ctx, "no coroutine left at start");
	if (worker->http)
		make_routes(gateway);
	return 0;
}

void gateway_stop(struct daemon_worker *worker)
{
	struct gateway *gateway = worker->app;
	if (!gateway)
		return;
	methods_free(gateway->methods);
	observer_free(gateway->observer);
	trusted_proxies_free(gateway->proxies);
	free(gateway);
	worker->app = NULL;
}
