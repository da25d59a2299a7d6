#include "start.h"

#include "base/fatal.h"
#include "documents/pages.h"
#include "documents/well_known.h"
#include "gateway.h"
#include "http/client.h"
#include "http/stream.h"
#include "limits/endpoint.h"
#include "limits/limits.h"
#include "pictures/pass.h"
#include "pictures/transfers.h"
#include "routes/batch.h"
#include "routes/methods.h"
#include "routes/observer.h"
#include "trusted_proxies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void serve_document(struct http_exchange *exchange, void *argument)
{
	struct gateway *gateway = argument;
	struct shared_text *document = methods_document(gateway->methods);
	const struct charge charge = {.cost = 1 + limits_cost_of_bytes(document->length)};
	struct caller caller;
	if (endpoint_enter(gateway, exchange, &charge, &caller) == 0)
		http_representation_share(&gateway->document, exchange, "application/json", "no-cache",
					  methods_document(gateway->methods));
}

/* Every path that a page of another origin may request answers the browser's preflight. */
static void route_preflight(struct gateway *gateway, const char *path)
{
	http_server_route_early(gateway->worker->http, "OPTIONS", path, 0, 0, endpoint_handle, gateway->preflight);
}

static void route_get(void *argument, const char *path, http_handler *handler, void *handler_argument)
{
	struct gateway *gateway = argument;
	http_server_route_early(gateway->worker->http, "GET", path, 0, 0, handler, handler_argument);
	route_preflight(gateway, path);
}

/* An endpoint where each request costs as much as the cheapest call. */
static struct endpoint *cheap_endpoint(struct gateway *gateway, http_handler *handler, void *argument)
{
	gateway->endpoints = endpoint_new(gateway, handler, argument, gateway->endpoints);
	return gateway->endpoints;
}

static void route_cheap(void *argument, const char *path, http_handler *handler, void *handler_argument)
{
	struct gateway *gateway = argument;
	route_get(gateway, path, endpoint_handle, cheap_endpoint(gateway, handler, handler_argument));
}

static void make_routes(struct gateway *gateway)
{
	struct http_server *http = gateway->worker->http;
	size_t max_image = (size_t)config_integer(gateway->worker->config, "max_image");
	if (gateway->cors.origins[0])
		http_server_on_answer(http, cors_answer, &gateway->cors);
	http_server_route_rest(http, endpoint_handle, cheap_endpoint(gateway, http_reply_unrouted, NULL));
	gateway->preflight = cheap_endpoint(gateway, cors_preflight, &gateway->cors);
	route_preflight(gateway, "/rpc");
	route_get(gateway, "/openrpc.json", serve_document, gateway);
	http_server_route_early(http, "POST", "/images", max_image, 0, pass_upload, gateway);
	route_preflight(gateway, "/images");
	route_get(gateway, "/images/*", pass_download, gateway);
	gateway->well_known =
	    well_known_new(gateway->worker->verifier, config_text(gateway->worker->config, "public_url"));
	route_cheap(gateway, WELL_KNOWN_KEYS, well_known_keys, gateway->well_known);
	route_cheap(gateway, WELL_KNOWN_METADATA, well_known_metadata, gateway->well_known);
	gateway->pages = pages_new(route_cheap, gateway);
}

static bool is_proxy(const char *peer, void *argument)
{
	const struct gateway *gateway = argument;
	return trusted_proxies_have(gateway->proxies, peer);
}

/* Pictures go over connections of their own, each way. */
static void make_transfers(struct gateway *gateway)
{
	const struct config *config = gateway->worker->config;
	size_t downloads = (size_t)config_integer(config, "image_downloads");
	size_t uploads = (size_t)config_integer(config, "image_uploads");
	gateway->downloads = transfers_new(downloads, "download");
	gateway->uploads = transfers_new(uploads, "upload");
	gateway->download_client = http_client_new(downloads);
	gateway->upload_client = http_client_new(uploads);
}

/* Where callers post to. */
static void server_url(struct gateway *gateway)
{
	const char *public_url = config_text(gateway->worker->config, "public_url");
	size_t length = strlen(public_url);
	length -= length > 0 && public_url[length - 1] == '/';
	(void)snprintf(gateway->server, sizeof(gateway->server), "%.*s/rpc", (int)length, public_url);
}

int gateway_start(struct daemon_worker *worker, struct context *ctx)
{
	struct gateway *gateway = must_calloc(1, sizeof(*gateway));
	worker->app = gateway;
	gateway->worker = worker;
	gateway->batch_places.available = BATCH_PLACES;
	gateway->cors.origins = config_text(worker->config, "cors_origins");
	if (cors_check(ctx, gateway->cors.origins))
		return -1;
	gateway->images_url = config_text(worker->config, "images_url");
	gateway->proxies = trusted_proxies_new(ctx, config_text(worker->config, "trusted_proxies"));
	if (!gateway->proxies)
		return -1;
	gateway->limits = limits_new(ctx, worker->config);
	if (!gateway->limits)
		return -1;
	gateway->observer = observer_new();
	server_url(gateway);
	gateway->methods = methods_new(worker->client, worker->api, gateway->server);
	if (!gateway->methods)
		return context_fail_internal(ctx, "no coroutine left at start");
	if (!worker->http)
		return 0;
	http_server_exempt(worker->http, is_proxy, gateway);
	make_transfers(gateway);
	make_routes(gateway);
	return 0;
}

void gateway_stop(struct daemon_worker *worker)
{
	struct gateway *gateway = worker->app;
	if (!gateway)
		return;
	if (worker->http) {
		http_server_on_answer(worker->http, NULL, NULL);
		http_server_exempt(worker->http, NULL, NULL);
	}
	http_client_free(gateway->download_client);
	http_client_free(gateway->upload_client);
	transfers_free(gateway->downloads);
	transfers_free(gateway->uploads);
	methods_free(gateway->methods);
	observer_free(gateway->observer);
	limits_free(gateway->limits);
	endpoints_free(gateway->endpoints);
	trusted_proxies_free(gateway->proxies);
	pages_free(gateway->pages);
	well_known_free(gateway->well_known);
	http_representation_done(&gateway->document);
	free(gateway);
	worker->app = NULL;
}
