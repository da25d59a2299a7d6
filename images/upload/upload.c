#include "upload/upload.h"

#include "images.h"
#include "rpc/dispatch.h"
#include "rpc/http_endpoint.h"
#include "store/store.h"
#include "telemetry/log.h"
#include "token/bearer.h"
#include "token/token.h"
#include "upload/inspect.h"
#include "upload/keep.h"
#include "upload/multipart.h"
#include "upload/places.h"
#include "upload/usage.h"

#include <string.h>
#include <strings.h>

/* Uploading is no method; in the scope of an integration it is named as if it were one. */
static bool may_upload(const struct identity *caller)
{
	static const char name[] = "images.image.create";
	bool fits = caller->kind == IDENTITY_USER || caller->kind == IDENTITY_CLIENT;
	return fits && identity_may_call(caller, name, sizeof(name) - 1);
}

/* Who uploads: a user, or an integration with that scope; NULL with unauthenticated or forbidden. */
static const struct identity *uploader(struct http_exchange *exchange, const struct images *images)
{
	struct context *ctx = exchange->ctx;
	const char *token = bearer_token(http_header_list(exchange, "Authorization"));
	if (!token) {
		context_fail(ctx, ERROR_UNAUTHENTICATED, "missing", "an access token is needed");
		return NULL;
	}
	const struct identity *user = token_verify(ctx, images->worker->verifier, token, strlen(token));
	if (user && !may_upload(user)) {
		context_fail(ctx, ERROR_FORBIDDEN, NULL, "only users, and integrations with that scope, upload images");
		return NULL;
	}
	return user;
}

/* Finds the image in what was sent. */
static int find_image(struct http_exchange *exchange, struct upload_bytes *upload)
{
	struct context *ctx = exchange->ctx;
	const char *type = http_header(exchange, "Content-Type"), *start;
	size_t length;
	char boundary[MULTIPART_BOUNDARY_SIZE];
	if (type && strncasecmp(type, "multipart/", 10) == 0) {
		if (!multipart_boundary(type, boundary))
			return context_fail(ctx, ERROR_INVALID_PARAMS, "multipart",
					    "not multipart/form-data with a boundary");
		enum multipart_result result =
		    multipart_find((const char *)upload->bytes, upload->length, boundary, "file", &start, &length);
		if (result != MULTIPART_FOUND)
			return context_fail(ctx, ERROR_INVALID_PARAMS, "multipart",
					    result == MULTIPART_ABSENT ? "no part named file"
								       : "malformed multipart body");
		upload_bytes_narrow(upload, start, length);
	}
	if (upload->length == 0)
		return context_fail(ctx, ERROR_INVALID_PARAMS, "empty", "there is no image in the request");
	return 0;
}

static void free_bytes(void *argument)
{
	upload_bytes_free(argument);
}

/* The image as JSON; NULL with an error. Whoever may not upload is refused before the body is read. The caller is
 * copied: an identity is borrowed from a cache that waits may change. */
static const char *take_upload(struct http_exchange *exchange, struct images *images)
{
	struct context *ctx = exchange->ctx;
	struct daemon_worker *worker = images->worker;
	const struct identity *user = uploader(exchange, images);
	if (!user)
		return NULL;
	const struct identity owner = *user;
	struct upload_place *place = upload_place_take(ctx, images->places, identity_account(&owner));
	struct upload_bytes *upload = place ? upload_bytes_receive(exchange, images->store->directory) : NULL;
	if (!upload)
		return NULL;
	context_defer(ctx, free_bytes, upload);
	struct image_facts facts;
	if (find_image(exchange, upload) || usage_check(ctx, worker, identity_account(&owner), upload->length) ||
	    upload_place_turn(ctx, place) || image_inspect(ctx, images->decoders, upload, images->bounds, &facts))
		return NULL;
	return image_keep(ctx, images, &owner, upload, &facts);
}

static int status_of(const struct error *error)
{
	switch (error->code) {
	case ERROR_UNAUTHENTICATED:
		return 401;
	case ERROR_FORBIDDEN:
		return 403;
	case ERROR_TOO_LARGE:
		return 413;
	case ERROR_INVALID_PARAMS:
		return strcmp(error->reason, "type") == 0 ? 415 : strcmp(error->reason, "damaged") == 0 ? 422 : 400;
	case ERROR_RATE_LIMITED:
		return 429;
	case ERROR_PRECONDITION_FAILED:
		return 409;
	case ERROR_OVERLOADED:
	case ERROR_UNAVAILABLE:
	case ERROR_DEADLINE_EXCEEDED:
		return 503;
	default:
		return 500;
	}
}

void upload_handle(struct http_exchange *exchange, void *argument)
{
	struct images *images = argument;
	if (rpc_http_check_encoding(exchange)) {
		rpc_http_fail(exchange, 415);
		return;
	}
	const char *json = take_upload(exchange, images);
	if (!json) {
		if (exchange->ctx->error.code == ERROR_INTERNAL)
			log_error_of(LOG_ERROR, exchange->ctx, "upload failed");
		rpc_http_fail(exchange, status_of(&exchange->ctx->error));
		return;
	}
	rpc_http_private(exchange);
	http_reply(exchange, 201, "application/json", json, strlen(json));
}
