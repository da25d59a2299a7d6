#include "pictures/pass.h"

#include "base/ids.h"
#include "gateway.h"
#include "http/stream.h"
#include "http/transfer.h"
#include "limits/endpoint.h"
#include "limits/limits.h"
#include "outside.h"
#include "pictures/transfers.h"
#include "rpc/http_endpoint.h"
#include "telemetry/log.h"
#include "token/bearer.h"
#include "trusted_proxies.h"

#include <string.h>

enum { PIECE = 32 * 1024 };

/* What images and the gateway do for one of a few bytes; each 64 KiB costs one more. */
static const struct charge picture = {.cost = 3}, upload = {.cost = 200, .writes = true};

static const char *const asked[] = {"Authorization", "Content-Encoding", "Content-Type",
				    "If-None-Match", "If-Range",	 "Range"};
static const char *const answered[] = {
    "Accept-Encoding", "Accept-Ranges", "Cache-Control",    "Content-Range",	      "Content-Security-Policy", "ETag",
    "Location",	       "Retry-After",	"WWW-Authenticate", "X-Content-Type-Options",
};

/* --- to images and back --- */

/* length: of the body, as http_transfer_begin wants it. */
static struct http_transfer *begin(struct http_exchange *exchange, const struct gateway *gateway,
				   struct http_client *client, int64_t length)
{
	struct arena *arena = &exchange->ctx->arena;
	const char *headers[ARRAY_SIZE(asked) + 1] = {NULL};
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		const char *value = http_header_list(exchange, asked[i]);
		if (value)
			headers[count++] = arena_printf(arena, "%s: %s", asked[i], value);
	}
	struct http_outgoing request = {
	    .method = exchange->method,
	    .url = arena_printf(arena, "%s%s", gateway->images_url, exchange->path),
	    .headers = headers,
	};
	return http_transfer_begin(exchange->ctx, client, &request, length);
}

/* images gave no answer. */
static void refuse(struct http_exchange *exchange)
{
	enum error_code code = exchange->ctx->error.code;
	log_error_of(LOG_WARNING, exchange->ctx, "images cannot be reached");
	rpc_http_fail(exchange, code == ERROR_DEADLINE_EXCEEDED ? 504 : 503);
}

static void copy_headers(struct http_exchange *exchange, const struct http_answer *answer)
{
	for (size_t i = 0; i < ARRAY_SIZE(answered); i++) {
		const char *value = http_answer_header(answer, answered[i]);
		if (value)
			http_reply_header(exchange, answered[i], value);
	}
}

static int write_piece(struct http_exchange *exchange, struct transfer_place *place, const char *piece, size_t length)
{
	transfer_waits(place);
	int failed = http_reply_write(exchange, piece, length);
	transfer_goes_on(place, length);
	return failed;
}

/* Copies the content as it comes. What goes wrong now ends the connection: the head has promised otherwise. Returns how
 * many bytes came. */
static int64_t copy_content(struct http_exchange *exchange, struct http_transfer *transfer,
			    struct transfer_place *place)
{
	char *piece = arena_alloc(&exchange->ctx->arena, PIECE);
	int64_t length, total = 0;
	while ((length = http_transfer_read(transfer, piece, PIECE)) > 0) {
		total += length;
		if (write_piece(exchange, place, piece, (size_t)length))
			break;
	}
	if (length < 0)
		log_error_of(LOG_WARNING, exchange->ctx, "images broke off");
	return total;
}

/* Answers what images does. Returns how many bytes of content that had; -1 when there was no answer. */
static int64_t answer_as_images(struct http_exchange *exchange, struct http_transfer *transfer,
				struct transfer_place *place)
{
	int64_t length = -1;
	struct http_answer answer;
	if (http_transfer_answer(transfer, &answer, &length)) {
		refuse(exchange);
		return -1;
	}
	copy_headers(exchange, &answer);
	http_reply_begin(exchange, answer.status, answer.content_type[0] ? answer.content_type : NULL,
			 length > 0 ? length : 0);
	return copy_content(exchange, transfer, place);
}

static const char *client_of(struct http_exchange *exchange, const struct gateway *gateway)
{
	return trusted_proxies_client(gateway->proxies, &exchange->ctx->arena, exchange->peer,
				      http_header_list(exchange, "X-Forwarded-For"));
}

/* NULL after having answered. */
static struct transfer_place *enter(struct http_exchange *exchange, const struct gateway *gateway,
				    struct transfers *transfers)
{
	struct transfer_place *place = transfers_enter(exchange->ctx, transfers, client_of(exchange, gateway));
	if (!place)
		rpc_http_fail(exchange, 503);
	return place;
}

/* --- downloads --- */

void pass_download(struct http_exchange *exchange, void *argument)
{
	struct gateway *gateway = argument;
	/* The path comes decoded: only an id may become part of the URL that is fetched, never dots, spaces or line
	 * ends. */
	bool is_id = uuid_valid(exchange->path + strlen("/images/"));
	struct caller caller;
	if (endpoint_enter(gateway, exchange, is_id ? &picture : &LIMITS_CHEAP, &caller))
		return;
	if (!is_id) {
		context_fail(exchange->ctx, ERROR_NOT_FOUND, NULL, "image not found");
		rpc_http_fail(exchange, 404);
		return;
	}
	struct transfer_place *place = enter(exchange, gateway, gateway->downloads);
	if (!place)
		return;
	struct http_transfer *transfer = begin(exchange, gateway, gateway->download_client, 0);
	int64_t length = transfer ? answer_as_images(exchange, transfer, place) : -1;
	if (!transfer)
		refuse(exchange);
	if (length > 0)
		limits_charge_later(gateway->limits, &caller, limits_cost_of_bytes((size_t)length));
}

/* --- uploads --- */

/* Checks only that the token is valid; images checks what else an upload needs. */
static int check_token(struct http_exchange *exchange, struct gateway *gateway)
{
	struct context *ctx = exchange->ctx;
	const char *token = bearer_token(http_header_list(exchange, "Authorization"));
	if (!token)
		context_fail(ctx, ERROR_UNAUTHENTICATED, "missing", "an access token is needed");
	else if (outside_identity(ctx, gateway->worker->verifier, token, strlen(token)))
		return 0;
	enum error_code code = ctx->error.code;
	rpc_http_fail(exchange, code == ERROR_UNAUTHENTICATED ? 401 : code == ERROR_FORBIDDEN ? 403 : 503);
	return -1;
}

/* As http_body_read; a client that was too slow while others waited gets an error that says so. */
static int64_t read_piece(struct http_exchange *exchange, struct transfer_place *place, char *piece)
{
	struct context *ctx = exchange->ctx;
	transfer_waits(place);
	int64_t length = http_body_read(exchange, piece, PIECE);
	transfer_goes_on(place, length > 0 ? (size_t)length : 0);
	if (length < 0 && transfer_ended(place)) {
		error_clear(&ctx->error);
		context_fail(ctx, ERROR_DEADLINE_EXCEEDED, NULL, "the picture came too slowly while others waited");
		rpc_http_fail(exchange, 408);
	}
	return length;
}

/* Sends the body on as it comes. 0, also when images has answered before all of it; -1 when the client does not send it
 * or images does not take it (which is answered). */
static int copy_body(struct http_exchange *exchange, struct http_transfer *transfer, struct transfer_place *place,
		     int64_t *ret_length)
{
	char *piece = arena_alloc(&exchange->ctx->arena, PIECE);
	int64_t length;
	do {
		length = read_piece(exchange, place, piece);
		if (length < 0)
			return -1;
		*ret_length += length;
		if (http_transfer_send(transfer, piece, (size_t)length)) {
			refuse(exchange);
			return -1;
		}
	} while (length > 0 && !http_transfer_answered(transfer));
	return 0;
}

void pass_upload(struct http_exchange *exchange, void *argument)
{
	struct gateway *gateway = argument;
	int64_t length = 0;
	struct caller caller;
	if (endpoint_enter(gateway, exchange, &upload, &caller) || check_token(exchange, gateway))
		return;
	struct transfer_place *place = enter(exchange, gateway, gateway->uploads);
	if (!place)
		return;
	struct http_transfer *transfer = begin(exchange, gateway, gateway->upload_client, http_body_length(exchange));
	if (!transfer)
		refuse(exchange);
	else if (copy_body(exchange, transfer, place, &length) == 0)
		(void)answer_as_images(exchange, transfer, place);
	limits_charge_later(gateway->limits, &caller, limits_cost_of_bytes((size_t)length));
}
