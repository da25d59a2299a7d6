#include "cors.h"

#include <string.h>

#define SEPARATORS ", "

/* What scripts may send beyond what the Fetch standard always lets them. */
#define REQUEST_HEADERS                                                                                             \
	"Authorization, Cache-Control, Content-Type, Idempotency-Key, If-Match, If-Modified-Since, If-None-Match, " \
	"If-Range, If-Unmodified-Since, Range, X-Deadline-Ms, X-Request-Id, traceparent, tracestate"

/* What they may read: when to come again, which part this is, why they were refused. */
#define ANSWER_HEADERS                                                                                               \
	"Accept-Ranges, Allow, Content-Length, Content-Range, Date, ETag, Location, Retry-After, WWW-Authenticate, " \
	"X-Request-Id"

#define PREFLIGHT_AGE "600" /* seconds */

static const char *next_entry(const char *at, size_t *ret_length)
{
	at += strspn(at, SEPARATORS);
	*ret_length = strcspn(at, SEPARATORS);
	return at;
}

static bool is_any(const char *origins)
{
	return strcmp(origins, "*") == 0;
}

/* host, perhaps with a port: what is left of the entry after scheme://. */
static bool is_authority(const char *text, size_t length, const char *default_port)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";
	size_t ending = strlen(default_port);
	for (size_t i = 0; i < length; i++)
		if (!strchr(allowed, text[i]))
			return false;
	return length > 0 && text[0] != ':' && text[length - 1] != ':' &&
	       !(length > ending && memcmp(text + length - ending, default_port, ending) == 0);
}

static bool is_origin(const char *text, size_t length)
{
	static const struct {
		const char *scheme, *default_port;
	} known[] = {{"https://", ":443"}, {"http://", ":80"}};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t scheme = strlen(known[i].scheme);
		if (length > scheme && memcmp(text, known[i].scheme, scheme) == 0)
			return is_authority(text + scheme, length - scheme, known[i].default_port);
	}
	return false;
}

int cors_check(struct context *ctx, const char *origins)
{
	if (is_any(origins))
		return 0;
	size_t length;
	for (const char *at = next_entry(origins, &length); length > 0; at = next_entry(at + length, &length)) {
		if (!is_origin(at, length))
			return context_fail_internal(ctx,
						     "cors_origins: \"%.*s\" is no origin: https://host or "
						     "https://host:port, lower case, without a slash at the end",
						     (int)length, at);
	}
	return 0;
}

bool cors_allows(const struct cors *cors, const char *origin)
{
	size_t length, wanted = strlen(origin);
	if (is_any(cors->origins))
		return true;
	for (const char *at = next_entry(cors->origins, &length); length > 0; at = next_entry(at + length, &length)) {
		if (length == wanted && memcmp(at, origin, length) == 0)
			return true;
	}
	return false;
}

/* The only origin of the list, or NULL when there are more. */
static const char *only_origin(const struct cors *cors, struct context *ctx)
{
	size_t length, more;
	const char *first = next_entry(cors->origins, &length);
	(void)next_entry(first + length, &more);
	return length > 0 && more == 0 ? arena_strndup(&ctx->arena, first, length) : NULL;
}

/* The origin that may read the answer; NULL: none. When the request's head could not be read, its origin is not known:
 * then the only allowed origin, if there is just one. */
static const char *allowed_origin(const struct cors *cors, const struct http_exchange *exchange)
{
	const char *origin = http_header_list(exchange, "Origin");
	bool unread = !exchange->method || !exchange->method[0];
	if (is_any(cors->origins))
		return cors->origins;
	if (origin)
		return cors_allows(cors, origin) ? origin : NULL;
	return unread ? only_origin(cors, exchange->ctx) : NULL;
}

void cors_answer(struct http_exchange *exchange, void *argument)
{
	const struct cors *cors = argument;
	const char *origin = allowed_origin(cors, exchange);
	if (!is_any(cors->origins))
		http_reply_header(exchange, "Vary", "Origin");
	if (!origin)
		return;
	http_reply_header(exchange, "Access-Control-Allow-Origin", origin);
	http_reply_header(exchange, "Access-Control-Expose-Headers", ANSWER_HEADERS);
}

void cors_preflight(struct http_exchange *exchange, void *argument)
{
	const struct cors *cors = argument;
	const char *methods = "GET, HEAD, POST, OPTIONS";
	http_reply_header(exchange, "Allow", methods);
	/* The answer does not depend on these; Vary is for caches that store answers to OPTIONS nevertheless. */
	http_reply_header(exchange, "Vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
	if (cors->origins[0] && allowed_origin(cors, exchange)) {
		http_reply_header(exchange, "Access-Control-Allow-Methods", methods);
		http_reply_header(exchange, "Access-Control-Allow-Headers", REQUEST_HEADERS);
		http_reply_header(exchange, "Access-Control-Max-Age", PREFLIGHT_AGE);
	}
	http_reply(exchange, 204, NULL, NULL, 0);
}
