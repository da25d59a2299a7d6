#include "http/client_internal.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "co/co.h"
#include "co/loop.h"
#include "http/curl_start.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	CONNECTIONS_A_HOST = 8,
	CONNECTIONS_KEPT = 64,
	MAX_ANSWER = 4 * 1024 * 1024,
};

#define CONNECT_TIME (5 * CLOCK_SECOND)

/* A socket that libcurl wants watched. */
struct watch {
	struct http_client *client;
	struct event *event;
};

void client_wake(struct fetch *fetch)
{
	if (fetch->waiter)
		co_wake(fetch->waiter);
}

/* Wakes those whose transfers have ended. Their handles are removed by themselves, never inside a callback of libcurl.
 */
static void wake_finished(struct http_client *client)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(client->multi, &left))) {
		struct fetch *fetch = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
		fetch->result = message->data.result;
		fetch->done = true;
		client_wake(fetch);
	}
}

static void on_timer(int fd, short what, void *argument)
{
	(void)fd, (void)what;
	struct http_client *client = argument;
	int running;
	(void)curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	wake_finished(client);
}

static void on_ready(int fd, short what, void *argument)
{
	struct watch *watch = argument;
	/* libcurl may unwatch the socket meanwhile. */
	struct http_client *client = watch->client;
	int mask = ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0);
	int running;
	(void)curl_multi_socket_action(client->multi, fd, mask, &running);
	wake_finished(client);
}

static int set_timer(CURLM *multi, long milliseconds, void *argument)
{
	(void)multi;
	struct http_client *client = argument;
	if (milliseconds < 0)
		return event_del(client->timer);
	struct timeval wait = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
	return event_add(client->timer, &wait);
}

static void unwatch(struct http_client *client, struct watch *watch, curl_socket_t fd)
{
	(void)curl_multi_assign(client->multi, fd, NULL);
	event_free(watch->event);
	free(watch);
}

static int watch_socket(CURL *handle, curl_socket_t fd, int what, void *argument, void *assigned)
{
	(void)handle;
	struct http_client *client = argument;
	struct watch *watch = assigned;
	if (what == CURL_POLL_REMOVE) {
		if (watch)
			unwatch(client, watch, fd);
		return 0;
	}
	short events =
	    (short)(EV_PERSIST | ((what & CURL_POLL_IN) ? EV_READ : 0) | ((what & CURL_POLL_OUT) ? EV_WRITE : 0));
	struct event_base *base = loop_base(loop_current());
	if (watch) {
		event_free(watch->event);
	} else {
		watch = must_malloc(sizeof(*watch));
		watch->client = client;
		(void)curl_multi_assign(client->multi, fd, watch);
	}
	watch->event = event_new(base, fd, events, on_ready, watch);
	if (!watch->event || event_add(watch->event, NULL) != 0)
		fatal("cannot watch a socket");
	return 0;
}

struct http_client *http_client_new(size_t max_connections)
{
	struct http_client *client = must_calloc(1, sizeof(*client));
	client->max_connections = max_connections != 0 ? max_connections : CONNECTIONS_A_HOST;
	client->timer = event_new(loop_base(loop_current()), -1, 0, on_timer, client);
	if (!client->timer)
		fatal("no memory for an HTTP client");
	return client;
}

static void open_multi(struct http_client *client)
{
	curl_start();
	client->multi = curl_multi_init();
	if (!client->multi)
		fatal("no memory for an HTTP client");
	(void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	(void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	(void)curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	(void)curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	(void)curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)client->max_connections);
	(void)curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	if (client->in_flight > 0)
		fatal("http_client_free with %zu fetches running", client->in_flight);
	while (client->handle_count > 0)
		curl_easy_cleanup(client->handles[--client->handle_count]);
	if (client->multi)
		(void)curl_multi_cleanup(client->multi);
	event_free(client->timer);
	free(client);
}

CURL *client_take_handle(struct http_client *client)
{
	if (!client->multi)
		open_multi(client);
	if (client->handle_count > 0)
		return client->handles[--client->handle_count];
	CURL *handle = curl_easy_init();
	if (!handle)
		fatal("no memory for a transfer");
	return handle;
}

/* Connections stay with the multi handle; only what belonged to the transfer is forgotten. */
void client_give_handle_back(struct http_client *client, CURL *handle)
{
	if (client->handle_count == HANDLES_KEPT) {
		curl_easy_cleanup(handle);
		return;
	}
	curl_easy_reset(handle);
	client->handles[client->handle_count++] = handle;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *argument)
{
	struct fetch *fetch = argument;
	buffer_append(&fetch->body, bytes, size * count);
	return buffer_failed(&fetch->body) ? 0 : size * count;
}

void client_add_header(struct fetch *fetch, const char *line)
{
	struct curl_slist *longer = curl_slist_append(fetch->headers, line);
	if (!longer)
		fatal("no memory for a header");
	fetch->headers = longer;
}

/* A header without value: libcurl would leave it out, and is asked to send it by a semicolon. */
static const char *empty_kept(struct arena *arena, const char *line)
{
	size_t name = strcspn(line, ":");
	if (line[name] == '\0' || line[name + 1 + strspn(line + name + 1, " \t")] != '\0')
		return line;
	return arena_printf(arena, "%.*s;", (int)name, line);
}

static void add_headers(struct fetch *fetch, struct context *ctx, const struct http_outgoing *request)
{
	bool typed = false;
	for (const char *const *line = request->headers; line && *line; line++) {
		typed = typed || strncasecmp(*line, "Content-Type:", 13) == 0;
		client_add_header(fetch, empty_kept(&ctx->arena, *line));
	}
	/* What libcurl would add by itself: the type of a form, and a round trip before the body. */
	if (!typed)
		client_add_header(fetch, "Content-Type:");
	client_add_header(fetch, "Expect:");
	client_add_header(fetch, arena_printf(&ctx->arena, "X-Request-Id: %s", ctx->request_id));
	if (ctx->traceparent[0] != '\0')
		client_add_header(fetch, arena_printf(&ctx->arena, "traceparent: %s", ctx->traceparent));
	(void)curl_easy_setopt(fetch->handle, CURLOPT_HTTPHEADER, fetch->headers);
}

/* Whole milliseconds until the deadline, rounded up; 0 means none to libcurl. */
static long milliseconds_left(int64_t deadline, int64_t most)
{
	int64_t left = deadline_left(deadline);
	if (left > most)
		left = most;
	return left == DEADLINE_NEVER ? 0 : (long)(left / CLOCK_MILLISECOND + 1);
}

static void set_method(CURL *handle, const struct http_outgoing *request)
{
	if (request->method && strcmp(request->method, "HEAD") == 0) {
		(void)curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
		return;
	}
	if (request->body) {
		(void)curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
		(void)curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body);
	}
	if (request->method)
		(void)curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
}

void client_set_up(struct fetch *fetch, struct context *ctx, const struct http_outgoing *request)
{
	CURL *handle = fetch->handle;
	(void)curl_easy_setopt(handle, CURLOPT_PRIVATE, fetch);
	(void)curl_easy_setopt(handle, CURLOPT_URL, request->url);
	(void)curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(handle, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
	(void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, fetch->cause);
	(void)curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds_left(ctx->deadline, CONNECT_TIME));
	set_method(handle, request);
	add_headers(fetch, ctx, request);
}

/* The answer is kept as a whole, and all of it has one deadline. */
static void set_up_whole(struct fetch *fetch, struct context *ctx, const struct http_outgoing *request)
{
	CURL *handle = fetch->handle;
	size_t max_answer = request->max_answer != 0 ? request->max_answer : MAX_ANSWER;
	client_set_up(fetch, ctx, request);
	buffer_init_arena(&fetch->body, &ctx->arena, max_answer);
	(void)curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)max_answer);
	(void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, fetch);
	(void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds_left(ctx->deadline, DEADLINE_NEVER));
}

int client_fail(const struct fetch *fetch, struct context *ctx)
{
	CURLcode result = fetch->result;
	if (deadline_left(ctx->deadline) == 0)
		(void)context_fail(ctx, ERROR_DEADLINE_EXCEEDED, NULL, NULL);
	else if (result == CURLE_FILESIZE_EXCEEDED || buffer_failed(&fetch->body))
		(void)context_fail(ctx, ERROR_TOO_LARGE, "answer", NULL);
	else if (result == CURLE_URL_MALFORMAT)
		(void)context_fail(ctx, ERROR_INTERNAL, NULL, NULL);
	else if (result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST)
		(void)context_fail(ctx, ERROR_UNAVAILABLE, "connect", NULL);
	else
		(void)context_fail(ctx, ERROR_UNAVAILABLE, "transfer", NULL);
	error_set_cause(&ctx->error, "%s: %s", curl_easy_strerror(result), fetch->cause);
	return -1;
}

enum { MAX_FIELDS = 64 };

static void read_fields(const struct fetch *fetch, struct context *ctx, struct http_answer *ret)
{
	struct http_answer_field *fields = arena_alloc(&ctx->arena, MAX_FIELDS * sizeof(*fields));
	struct curl_header *header = NULL;
	size_t count = 0;
	while (count < MAX_FIELDS && (header = curl_easy_nextheader(fetch->handle, CURLH_HEADER, -1, header)))
		fields[count++] = (struct http_answer_field){arena_strdup(&ctx->arena, header->name),
							     arena_strdup(&ctx->arena, header->value)};
	ret->fields = fields;
	ret->field_count = count;
}

const char *http_answer_header(const struct http_answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->field_count; i++)
		if (strcasecmp(answer->fields[i].name, name) == 0)
			return answer->fields[i].value;
	return NULL;
}

void client_read_head(const struct fetch *fetch, struct context *ctx, struct http_answer *ret)
{
	long status = 0;
	const char *type = NULL;
	(void)curl_easy_getinfo(fetch->handle, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(fetch->handle, CURLINFO_CONTENT_TYPE, &type);
	*ret = (struct http_answer){
	    .status = (int)status,
	    .body = "",
	    .content_type = type ? arena_strdup(&ctx->arena, type) : "",
	};
	read_fields(fetch, ctx, ret);
}

/* Runs the transfer to its end, or until the waiting ends early; 0, or -1 with the error in ctx. */
static int transfer(struct fetch *fetch, struct context *ctx)
{
	if (curl_multi_add_handle(fetch->client->multi, fetch->handle) != CURLM_OK)
		return context_fail_internal(ctx, "libcurl does not take the transfer");
	fetch->client->in_flight++;
	int failed = 0;
	while (!fetch->done && failed == 0)
		failed = co_check(ctx, co_park("http answer", ctx->deadline));
	fetch->client->in_flight--;
	(void)curl_multi_remove_handle(fetch->client->multi, fetch->handle);
	if (failed != 0)
		return -1;
	return fetch->result == CURLE_OK ? 0 : client_fail(fetch, ctx);
}

int client_check(struct context *ctx, const struct http_outgoing *request)
{
	if (deadline_left(ctx->deadline) == 0)
		return context_fail(ctx, ERROR_DEADLINE_EXCEEDED, NULL, NULL);
	if (strncasecmp(request->url, "http://", 7) != 0 && strncasecmp(request->url, "https://", 8) != 0)
		return context_fail_internal(ctx, "not an HTTP address: %s", request->url);
	return 0;
}

int http_fetch(struct context *ctx, struct http_client *client, const struct http_outgoing *request,
	       struct http_answer *ret)
{
	if (client_check(ctx, request) != 0)
		return -1;
	struct fetch fetch = {.client = client, .handle = client_take_handle(client), .waiter = co_self()};
	set_up_whole(&fetch, ctx, request);
	int result = transfer(&fetch, ctx);
	if (result == 0) {
		client_read_head(&fetch, ctx, ret);
		ret->body = buffer_text(&fetch.body);
		ret->body_length = fetch.body.length;
	}
	curl_slist_free_all(fetch.headers);
	client_give_handle_back(client, fetch.handle);
	return result;
}
