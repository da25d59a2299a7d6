#include "smtp/client.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "co/offload.h"
#include "http/curl_start.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	AUTHENTICATION_REQUIRED = 530, /* RFC 4954: said to MAIL, and not about the letter */
	WORDS_SIZE = 200,
	WAIT_MS = 1000,
};

#define CONNECT_TIME (10 * CLOCK_SECOND)
#define CONNECTION_AGE 30L		  /* seconds that an idle one is used again */
#define EARLIER (200 * CLOCK_MILLISECOND) /* the transfer ends before the caller's deadline comes */

/* Where a transfer runs: a connection that is kept belongs to it. */
struct slot {
	struct smtp_client *client;
	struct slot *next;
	CURLM *multi;
	CURL *easy;
	int socket; /* of its connection; -1: none */
};

struct smtp_client {
	struct smtp_options options; /* texts owned */
	struct offload_pool *pool;
	pthread_mutex_t lock; /* of the slots */
	struct slot *idle, *busy;
	atomic_bool stopping;
};

/* Owns all it needs: the caller may leave before it is done. */
struct job {
	struct smtp_client *client;
	char *from, *to, *bytes;
	size_t length, sent;
	int64_t timeout;
	CURLcode result;
	int code;		/* of the server's last complaint; 0: none */
	char words[WORDS_SIZE]; /* of that complaint */
	char cause[CURL_ERROR_SIZE];
};

/* --- slots --- */

static struct slot *slot_new(struct smtp_client *client)
{
	struct slot *slot = must_calloc(1, sizeof(*slot));
	slot->client = client;
	slot->socket = -1;
	slot->multi = curl_multi_init();
	slot->easy = curl_easy_init();
	if (!slot->multi || !slot->easy)
		fatal("no memory for a transfer");
	return slot;
}

static void slot_free(struct slot *slot)
{
	curl_easy_cleanup(slot->easy);
	(void)curl_multi_cleanup(slot->multi);
	free(slot);
}

static void unlink_slot(struct slot **list, const struct slot *slot)
{
	while (*list != slot)
		list = &(*list)->next;
	*list = slot->next;
}

static struct slot *slot_take(struct smtp_client *client)
{
	(void)pthread_mutex_lock(&client->lock);
	struct slot *slot = client->idle;
	if (slot)
		client->idle = slot->next;
	else
		slot = slot_new(client);
	slot->next = client->busy;
	client->busy = slot;
	(void)pthread_mutex_unlock(&client->lock);
	return slot;
}

static void slot_give(struct smtp_client *client, struct slot *slot)
{
	(void)pthread_mutex_lock(&client->lock);
	unlink_slot(&client->busy, slot);
	slot->next = client->idle;
	client->idle = slot;
	(void)pthread_mutex_unlock(&client->lock);
}

/* --- on a thread of the pool --- */

/* Sockets are known, so that a client that is freed need not wait for a server which says nothing. */
static curl_socket_t open_socket(void *argument, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct slot *slot = argument;
	int made = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	(void)purpose;
	(void)pthread_mutex_lock(&slot->client->lock);
	slot->socket = made;
	(void)pthread_mutex_unlock(&slot->client->lock);
	return made < 0 ? CURL_SOCKET_BAD : made;
}

static int close_socket(void *argument, curl_socket_t closed)
{
	struct slot *slot = argument;
	(void)pthread_mutex_lock(&slot->client->lock);
	if (slot->socket == closed)
		slot->socket = -1;
	int result = close(closed);
	(void)pthread_mutex_unlock(&slot->client->lock);
	return result;
}

static size_t give_bytes(char *place, size_t size, size_t count, void *argument)
{
	struct job *job = argument;
	size_t length = job->length - job->sent < size * count ? job->length - job->sent : size * count;
	memcpy(place, job->bytes + job->sent, length);
	job->sent += length;
	return length;
}

/* A line of the server's. The last complaint (4xx, 5xx) stays, printable: after it comes the answer to QUIT. */
static size_t take_line(char *line, size_t size, size_t count, void *argument)
{
	struct job *job = argument;
	size_t length = 0, given = size * count;
	if (given < 3 || (line[0] != '4' && line[0] != '5'))
		return given;
	job->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	for (size_t i = 0; i < given && length < WORDS_SIZE - 1; i++)
		if (line[i] >= ' ' && line[i] <= '~')
			job->words[length++] = line[i];
	job->words[length] = '\0';
	return given;
}

static void set_up_security(CURL *easy, const struct smtp_options *options)
{
	static const long levels[] = {
	    [SMTP_TLS_REQUIRED] = CURLUSESSL_ALL,
	    [SMTP_TLS_OPTIONAL] = CURLUSESSL_TRY,
	    [SMTP_TLS_NONE] = CURLUSESSL_NONE,
	};
	(void)curl_easy_setopt(easy, CURLOPT_USE_SSL, levels[options->tls]);
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (options->ca_file)
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
	if (options->user) {
		(void)curl_easy_setopt(easy, CURLOPT_USERNAME, options->user);
		(void)curl_easy_setopt(easy, CURLOPT_PASSWORD, options->password ? options->password : "");
	}
}

/* What a single answer may take: a third of the whole, so that the caller gets the reason even from a server that
 * refuses a letter, or is silent, and then does not answer QUIT either. */
static long answer_seconds(int64_t timeout)
{
	return timeout / 3 > CLOCK_SECOND ? (long)(timeout / 3 / CLOCK_SECOND) : 1;
}

static void set_up_times(CURL *easy, int64_t timeout)
{
	int64_t connect = timeout < CONNECT_TIME ? timeout : CONNECT_TIME;
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(timeout / CLOCK_MILLISECOND));
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect / CLOCK_MILLISECOND));
	(void)curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, answer_seconds(timeout));
	(void)curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_AGE);
}

static void set_up_socket(CURL *easy, struct slot *slot)
{
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, slot);
	(void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	(void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, slot);
}

static void set_up(struct slot *slot, struct job *job)
{
	CURL *easy = slot->easy;
	curl_easy_reset(easy);
	(void)curl_easy_setopt(easy, CURLOPT_URL, job->client->options.url);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, job->cause);
	(void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)job->length);
	(void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_bytes);
	(void)curl_easy_setopt(easy, CURLOPT_READDATA, job);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_line);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, job);
	(void)curl_easy_setopt(easy, CURLOPT_MAIL_FROM, job->from);
	set_up_socket(easy, slot);
	set_up_times(easy, job->timeout);
	set_up_security(easy, &job->client->options);
}

/* Runs the transfer to its end, or until the client is freed. */
static CURLcode transfer(const struct smtp_client *client, const struct slot *slot)
{
	int running = 1, left;
	while (running && !atomic_load(&client->stopping)) {
		if (curl_multi_perform(slot->multi, &running) != CURLM_OK)
			return CURLE_SEND_ERROR;
		if (running)
			(void)curl_multi_poll(slot->multi, NULL, 0, WAIT_MS, NULL);
	}
	const CURLMsg *message = curl_multi_info_read(slot->multi, &left);
	return message ? message->data.result : CURLE_ABORTED_BY_CALLBACK;
}

static void send_work(void *argument)
{
	struct job *job = argument;
	struct slot *slot = slot_take(job->client);
	struct curl_slist *recipients = curl_slist_append(NULL, job->to);
	set_up(slot, job);
	(void)curl_easy_setopt(slot->easy, CURLOPT_MAIL_RCPT, recipients);
	job->result = CURLE_OUT_OF_MEMORY;
	if (recipients && curl_multi_add_handle(slot->multi, slot->easy) == CURLM_OK) {
		job->result = transfer(job->client, slot);
		(void)curl_multi_remove_handle(slot->multi, slot->easy);
	}
	curl_slist_free_all(recipients);
	slot_give(job->client, slot);
}

/* --- on the loop's thread --- */

static char *copy(const char *text)
{
	return text && text[0] ? must_strdup(text) : NULL;
}

static int check(struct context *ctx, const struct smtp_options *options)
{
	bool implicit = strncasecmp(options->url, "smtps://", 8) == 0;
	if (!implicit && strncasecmp(options->url, "smtp://", 7) != 0)
		return context_fail_internal(ctx, "a mail server's url begins with smtp:// or smtps://");
	if (!implicit && options->tls == SMTP_TLS_OPTIONAL && options->user && options->user[0])
		return context_fail_internal(ctx, "a mail server's password needs TLS that is required, not optional");
	if (options->ca_file && options->ca_file[0] && access(options->ca_file, R_OK) != 0)
		return context_fail_internal(ctx, "%s cannot be read", options->ca_file);
	return 0;
}

struct smtp_client *smtp_client_new(struct context *ctx, const struct smtp_options *options)
{
	if (check(ctx, options))
		return NULL;
	curl_start();
	struct smtp_client *client = must_calloc(1, sizeof(*client));
	client->options = (struct smtp_options){
	    .url = copy(options->url),
	    .user = copy(options->user),
	    .password = copy(options->password),
	    .ca_file = copy(options->ca_file),
	    .tls = options->tls,
	};
	(void)pthread_mutex_init(&client->lock, NULL);
	client->pool = offload_pool_new(options->at_once, 0);
	if (client->pool)
		return client;
	smtp_client_free(client);
	(void)context_fail_internal(ctx, "no threads for sending mail");
	return NULL;
}

/* Ends all waits for servers. */
static void break_off(struct smtp_client *client)
{
	(void)pthread_mutex_lock(&client->lock);
	for (const struct slot *slot = client->busy; slot; slot = slot->next) {
		(void)curl_multi_wakeup(slot->multi);
		if (slot->socket >= 0)
			(void)shutdown(slot->socket, SHUT_RDWR);
	}
	for (const struct slot *slot = client->idle; slot; slot = slot->next)
		if (slot->socket >= 0)
			(void)shutdown(slot->socket, SHUT_RDWR);
	(void)pthread_mutex_unlock(&client->lock);
}

void smtp_client_free(struct smtp_client *client)
{
	if (!client)
		return;
	atomic_store(&client->stopping, true);
	break_off(client);
	offload_pool_free(client->pool);
	while (client->idle) {
		struct slot *slot = client->idle;
		client->idle = slot->next;
		slot_free(slot);
	}
	(void)pthread_mutex_destroy(&client->lock);
	free((char *)client->options.url);
	free((char *)client->options.user);
	free((char *)client->options.password);
	free((char *)client->options.ca_file);
	free(client);
}

static void job_free(void *argument)
{
	struct job *job = argument;
	free(job->from);
	free(job->to);
	free(job->bytes);
	free(job);
}

static struct job *job_new(struct smtp_client *client, const struct smtp_message *message, int64_t timeout)
{
	struct job *job = must_calloc(1, sizeof(*job));
	job->client = client;
	job->from = must_strdup(message->from);
	job->to = must_strdup(message->to);
	job->bytes = must_malloc(message->length + 1);
	memcpy(job->bytes, message->bytes, message->length);
	job->length = message->length;
	job->timeout = timeout;
	return job;
}

/* True when the server said that it will never take this letter: to MAIL, RCPT and DATA libcurl's result is one, after
 * the letter's last byte another. What it says before that, to everybody, is not about the letter. */
static bool is_refusal(const struct job *job)
{
	bool about_letter = job->result == CURLE_SEND_ERROR ||
			    (job->result == CURLE_WEIRD_SERVER_REPLY && job->length > 0 && job->sent == job->length);
	return about_letter && job->code >= 500 && job->code < 600 && job->code != AUTHENTICATION_REQUIRED;
}

static const char *reason_of(CURLcode result)
{
	switch (result) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		return "connect";
	case CURLE_LOGIN_DENIED:
		return "login";
	case CURLE_USE_SSL_FAILED:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return "tls";
	default:
		return "transfer";
	}
}

static int outcome(struct context *ctx, const struct job *job)
{
	if (job->result == CURLE_OK)
		return 0;
	if (is_refusal(job))
		(void)context_fail(ctx, ERROR_PRECONDITION_FAILED, "refused", NULL);
	else if (job->result == CURLE_OPERATION_TIMEDOUT)
		(void)context_fail(ctx, ERROR_DEADLINE_EXCEEDED, NULL, NULL);
	else
		(void)context_fail(ctx, ERROR_UNAVAILABLE, reason_of(job->result), NULL);
	error_set_cause(&ctx->error, "%s%s%s", job->cause[0] ? job->cause : curl_easy_strerror(job->result),
			job->words[0] ? "; the mail server said last: " : "", job->words);
	return -1;
}

int smtp_send(struct context *ctx, struct smtp_client *client, const struct smtp_message *message)
{
	int64_t left = deadline_left(ctx->deadline);
	if (left <= 2 * EARLIER)
		return context_fail(ctx, ERROR_DEADLINE_EXCEEDED, NULL, NULL);
	struct job *job = job_new(client, message, left == DEADLINE_NEVER ? 0 : left - EARLIER);
	if (offload_run(ctx, client->pool, send_work, job, job_free))
		return -1;
	int result = outcome(ctx, job);
	job_free(job);
	return result;
}
