#include "serve/serve.h"

#include "base/ids.h"
#include "http/representation.h"
#include "images.h"
#include "postgres/postgres.h"
#include "rpc/http_endpoint.h"
#include "store/store.h"
#include "telemetry/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "/images/"

static const char SELECT_IMAGE[] = "SELECT sha256, type, bytes FROM image WHERE id = $1";

/* Digits up to `end`, or -1 when there are none or too many. */
static int64_t digits(const char *text, const char **ret_end)
{
	int64_t value = 0;
	const char *at = text;
	while (*at >= '0' && *at <= '9' && at - text < 18)
		value = value * 10 + (*at++ - '0');
	*ret_end = at;
	return at == text ? -1 : value;
}

enum range_result range_read(const char *header, int64_t size, int64_t *ret_offset, int64_t *ret_length)
{
	const char *at = NULL;
	*ret_offset = 0;
	*ret_length = size;
	if (!header || strncmp(header, "bytes=", 6) != 0)
		return RANGE_WHOLE;
	int64_t first = digits(header + 6, &at);
	if (*at != '-')
		return RANGE_WHOLE;
	int64_t last = digits(at + 1, &at);
	if (*at != '\0' || (first < 0 && last < 0) || (first >= 0 && last >= 0 && last < first))
		return RANGE_WHOLE;
	bool suffix = first < 0;
	if (suffix ? last == 0 : first >= size)
		return RANGE_UNSATISFIABLE;
	if (suffix)
		first = last < size ? size - last : 0;
	if (suffix || last < 0 || last >= size)
		last = size - 1;
	*ret_offset = first;
	*ret_length = last - first + 1;
	return RANGE_PART;
}

static void set_headers(struct http_exchange *exchange, const char *tag)
{
	http_reply_header(exchange, "ETag", tag);
	http_reply_header(exchange, "Cache-Control", "public, max-age=31536000, immutable");
	http_reply_header(exchange, "Accept-Ranges", "bytes");
	http_reply_header(exchange, "X-Content-Type-Options", "nosniff");
	http_reply_header(exchange, "Content-Security-Policy", "default-src 'none'");
}

static void send_bytes(struct http_exchange *exchange, const char *type, int fd, int64_t size, const char *tag)
{
	int64_t offset = 0, length = 0;
	struct arena *arena = &exchange->ctx->arena;
	const char *condition = http_header(exchange, "If-Range");
	const char *range = condition && strcmp(condition, tag) != 0 ? NULL : http_header(exchange, "Range");
	enum range_result result = range_read(range, size, &offset, &length);
	if (result == RANGE_UNSATISFIABLE) {
		(void)close(fd);
		http_reply_header(exchange, "Content-Range", arena_printf(arena, "bytes */%lld", (long long)size));
		http_reply(exchange, 416, NULL, "", 0);
		return;
	}
	if (result == RANGE_PART)
		http_reply_header(exchange, "Content-Range",
				  arena_printf(arena, "bytes %lld-%lld/%lld", (long long)offset,
					       (long long)(offset + length - 1), (long long)size));
	http_reply_file(exchange, result == RANGE_PART ? 206 : 200, type, fd, offset, length);
}

static void fail(struct http_exchange *exchange, int status)
{
	if (exchange->ctx->error.code == ERROR_INTERNAL)
		log_error_of(LOG_ERROR, exchange->ctx, "image not served");
	rpc_http_fail(exchange, status);
}

static void send_image(struct http_exchange *exchange, const struct images *images, const struct pg_result *row)
{
	const char *sha256 = pg_text(row, 0, 0);
	const char *tag = arena_printf(&exchange->ctx->arena, "\"%s\"", sha256);
	if (http_tag_matches(http_header_list(exchange, "If-None-Match"), tag)) {
		set_headers(exchange, tag);
		http_reply(exchange, 304, NULL, "", 0);
		return;
	}
	int fd = store_open(images->store, sha256);
	if (fd < 0) {
		context_fail_internal(exchange->ctx, "store: %s: %s", sha256, strerror(errno));
		fail(exchange, 500);
		return;
	}
	set_headers(exchange, tag);
	send_bytes(exchange, pg_text(row, 0, 1), fd, pg_integer(row, 0, 2), tag);
}

void serve_handle(struct http_exchange *exchange, void *argument)
{
	const struct images *images = argument;
	const char *id = exchange->path + strlen(PREFIX);
	struct pg_result *row = uuid_valid(id) ? pg_read(exchange->ctx, images->worker->db, SELECT_IMAGE, id) : NULL;
	if (row && pg_count(row) > 0) {
		send_image(exchange, images, row);
		return;
	}
	if (exchange->ctx->error.code == ERROR_NONE) {
		context_fail(exchange->ctx, ERROR_NOT_FOUND, NULL, "image not found");
		fail(exchange, 404);
		return;
	}
	fail(exchange, 503);
}
