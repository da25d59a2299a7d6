/* Fetching: what comes back, what goes wrong, and that one fetch's end costs the others nothing. */
#include "http/http_fixture.h"

#include "http/client.h"

#include <sched.h>

/* One fetch in a coroutine of its own, and what became of it. Checked outside, where a failed assertion may jump. */
struct errand {
	struct http_client *client;
	struct http_outgoing request;
	int64_t time;		 /* for the context's deadline; 0: 20 s */
	const char *request_id;	 /* or NULL */
	const char *traceparent; /* or NULL */
	struct co *co;
	struct co *wake; /* told at the end */
	int result, status;
	struct error error;
	char *body;
	size_t body_length;
	char type[64];
};

static void run_errand(void *argument)
{
	struct errand *errand = argument;
	errand->co = co_self();
	struct context ctx;
	context_init(&ctx, deadline_after(errand->time != 0 ? errand->time : 20 * CLOCK_SECOND));
	if (errand->request_id)
		(void)snprintf(ctx.request_id, sizeof(ctx.request_id), "%s", errand->request_id);
	if (errand->traceparent)
		(void)snprintf(ctx.traceparent, sizeof(ctx.traceparent), "%s", errand->traceparent);
	struct http_answer answer;
	errand->result = http_fetch(&ctx, errand->client, &errand->request, &answer);
	errand->error = ctx.error;
	if (errand->result == 0) {
		errand->status = answer.status;
		errand->body = malloc(answer.body_length + 1);
		memcpy(errand->body, answer.body, answer.body_length + 1);
		errand->body_length = answer.body_length;
		(void)snprintf(errand->type, sizeof(errand->type), "%s", answer.content_type);
	}
	errand->co = NULL;
	context_done(&ctx);
}

struct scene {
	struct fixture *fixture;
	struct loop *loop;
	struct http_client *client;
};

static void scene_start(struct scene *scene, size_t max_connections, int64_t idle_timeout)
{
	scene->fixture = fixture_start(
	    &(struct http_server_options){.engine = HTTP_ENGINE_DIRECT, .idle_timeout = idle_timeout}, NULL);
	scene->loop = loop_new(NULL);
	scene->client = http_client_new(max_connections);
}

static void scene_stop(struct scene *scene)
{
	http_client_free(scene->client);
	loop_free(scene->loop);
	fixture_stop(scene->fixture);
}

static const char *url_of(uint16_t port, const char *path)
{
	static char url[200];
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port, path);
	return url;
}

static void run(struct scene *scene, struct errand *errand)
{
	errand->client = scene->client;
	assert_non_null(co_spawn("errand", run_errand, errand));
	loop_run_until_idle(scene->loop);
}

static void errand_done(struct errand *errand)
{
	free(errand->body);
	errand->body = NULL;
}

static atomic_size_t connections;

static void count_connections(struct fixture *fixture)
{
	atomic_store(&connections, http_server_connections(fixture->server));
}

static void test_connections_are_reused(void **state)
{
	(void)state;
	struct scene scene;
	scene_start(&scene, 0, 0);
	for (int i = 0; i < 5; i++) {
		struct errand errand = {.request.url = url_of(scene.fixture->port, "/hello")};
		run(&scene, &errand);
		assert_int_equal(errand.result, 0);
		assert_int_equal(errand.status, 200);
		assert_string_equal(errand.body, "hello");
		assert_string_equal(errand.type, "text/plain");
		errand_done(&errand);
	}
	fixture_on_thread(scene.fixture, count_connections);
	assert_int_equal(atomic_load(&connections), 1);
	scene_stop(&scene);
}

/* A kept connection that the other side closed meanwhile is no error. */
static void test_a_kept_connection_that_died(void **state)
{
	(void)state;
	struct scene scene;
	scene_start(&scene, 0, 30 * CLOCK_MILLISECOND);
	for (int i = 0; i < 3; i++) {
		struct errand errand = {.request.url = url_of(scene.fixture->port, "/hello")};
		run(&scene, &errand);
		assert_int_equal(errand.result, 0);
		errand_done(&errand);
		do
			fixture_on_thread(scene.fixture, count_connections);
		while (atomic_load(&connections) > 0);
	}
	scene_stop(&scene);
}

static void test_bodies_and_headers_arrive(void **state)
{
	(void)state;
	struct scene scene;
	scene_start(&scene, 0, 0);
	size_t length = 1024 * 1024;
	char *body = malloc(length);
	assert_non_null(body);
	memset(body, 'b', length);
	struct errand errand = {
	    .request = {.url = url_of(scene.fixture->port, "/echo"),
			.headers = (const char *const[]){"Content-Type: application/x-test", NULL},
			.body = body,
			.body_length = length},
	};
	run(&scene, &errand);
	assert_int_equal(errand.result, 0);
	assert_int_equal(errand.body_length, length);
	assert_memory_equal(errand.body, body, length);
	assert_string_equal(errand.type, "application/x-test");
	errand_done(&errand);
	free(body);
	scene_stop(&scene);
}

static void test_the_names_of_the_work_travel(void **state)
{
	(void)state;
	struct scene scene;
	scene_start(&scene, 0, 0);
	struct errand errand = {
	    .request = {.method = "PUT",
			.url = url_of(scene.fixture->port, "/identity?q=1"),
			.body = "",
			.body_length = 0},
	    .request_id = "errand-1",
	    .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	};
	run(&scene, &errand);
	assert_int_equal(errand.status, 200);
	assert_memory_equal(errand.body, "errand-1|00-0af7651916cd43dd8448eb211c80319c-", 45);
	assert_non_null(strstr(errand.body, "|PUT|/identity|q=1"));
	errand_done(&errand);
	scene_stop(&scene);
}

static void test_any_status_is_an_answer(void **state)
{
	(void)state;
	struct scene scene;
	scene_start(&scene, 0, 0);
	struct errand errand = {.request.url = url_of(scene.fixture->port, "/missing")};
	run(&scene, &errand);
	assert_int_equal(errand.result, 0);
	assert_int_equal(errand.status, 404);
	assert_non_null(strstr(errand.body, "\"error\""));
	errand_done(&errand);
	struct errand head = {.request = {.method = "HEAD", .url = url_of(scene.fixture->port, "/hello")}};
	run(&scene, &head);
	assert_int_equal(head.status, 200);
	assert_int_equal(head.body_length, 0);
	errand_done(&head);
	scene_stop(&scene);
}

static void test_deadlines_are_kept(void **state)
{
	(void)state;
	struct scene scene;
	scene_start(&scene, 0, 0);
	struct errand errand = {.request.url = url_of(scene.fixture->port, "/gate"), .time = 50 * CLOCK_MILLISECOND};
	run(&scene, &errand);
	assert_int_equal(errand.result, -1);
	assert_int_equal(errand.error.code, ERROR_DEADLINE_EXCEEDED);
	struct errand late = {.request.url = url_of(scene.fixture->port, "/hello"), .time = -1};
	run(&scene, &late);
	assert_int_equal(late.error.code, ERROR_DEADLINE_EXCEEDED);
	struct errand next = {.request.url = url_of(scene.fixture->port, "/hello")};
	run(&scene, &next);
	assert_int_equal(next.status, 200);
	errand_done(&next);
	scene_stop(&scene);
}

/* A server that says one thing to one client. */
struct teller {
	int listening;
	uint16_t port;
	const char *says;
	size_t repeats;
	pthread_t thread;
};

static void *teller_serve(void *argument)
{
	struct teller *teller = argument;
	int fd = accept(teller->listening, NULL, NULL);
	char request[4096];
	if (fd < 0 || recv(fd, request, sizeof(request), 0) <= 0)
		abort();
	for (size_t i = 0; i < teller->repeats; i++)
		send_text(fd, teller->says);
	(void)close(fd);
	return NULL;
}

static void teller_start(struct teller *teller, const char *says, size_t repeats)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	socklen_t length = sizeof(to);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	teller->says = says;
	teller->repeats = repeats;
	teller->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(teller->listening, (struct sockaddr *)&to, length), 0);
	assert_int_equal(listen(teller->listening, 4), 0);
	assert_int_equal(getsockname(teller->listening, (struct sockaddr *)&to, &length), 0);
	teller->port = ntohs(to.sin_port);
	assert_int_equal(pthread_create(&teller->thread, NULL, teller_serve, teller), 0);
}

static void teller_stop(struct teller *teller)
{
	assert_int_equal(pthread_join(teller->thread, NULL), 0);
	(void)close(teller->listening);
}

/* What a fetch from a server that says this comes to. */
static struct errand fetch_from_teller(const char *says, size_t repeats, size_t max_answer)
{
	struct scene scene;
	scene_start(&scene, 0, 0);
	struct teller teller;
	teller_start(&teller, says, repeats);
	struct errand errand = {.request = {.url = url_of(teller.port, "/"), .max_answer = max_answer}};
	run(&scene, &errand);
	teller_stop(&teller);
	scene_stop(&scene);
	return errand;
}

static void test_answers_that_are_too_large(void **state)
{
	(void)state;
	struct errand announced =
	    fetch_from_teller("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n0123456789", 1, 1000);
	assert_int_equal(announced.result, -1);
	assert_int_equal(announced.error.code, ERROR_TOO_LARGE);
	/* The head repeats as a body without a length. */
	struct errand endless = fetch_from_teller("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 100000, 100000);
	assert_int_equal(endless.result, -1);
	assert_int_equal(endless.error.code, ERROR_TOO_LARGE);
	struct errand exact = fetch_from_teller("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 1, 10);
	assert_int_equal(exact.result, 0);
	assert_string_equal(exact.body, "0123456789");
	errand_done(&exact);
}

static void test_answers_that_break_off(void **state)
{
	(void)state;
	static const char *const SAID[] = {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234",
					   "not HTTP at all\r\n\r\n"};
	for (size_t i = 0; i < ARRAY_SIZE(SAID); i++) {
		struct errand errand = fetch_from_teller(SAID[i], 1, 0);
		assert_int_equal(errand.result, -1);
		assert_int_equal(errand.error.code, ERROR_UNAVAILABLE);
		assert_string_equal(errand.error.reason, "transfer");
		assert_int_not_equal(errand.error.cause[0], '\0');
	}
}

static void test_redirects_are_not_followed(void **state)
{
	(void)state;
	struct errand errand =
	    fetch_from_teller("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", 1, 0);
	assert_int_equal(errand.result, 0);
	assert_int_equal(errand.status, 302);
	errand_done(&errand);
}

static void test_nobody_listens(void **state)
{
	(void)state;
	struct sockaddr_in to = {.sin_family = AF_INET};
	socklen_t length = sizeof(to);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/* Bound but not listening: nobody else gets the port meanwhile. */
	int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(taken, (struct sockaddr *)&to, length), 0);
	assert_int_equal(getsockname(taken, (struct sockaddr *)&to, &length), 0);
	struct scene scene;
	scene_start(&scene, 0, 0);
	struct errand errand = {.request.url = url_of(ntohs(to.sin_port), "/")};
	run(&scene, &errand);
	assert_int_equal(errand.error.code, ERROR_UNAVAILABLE);
	assert_string_equal(errand.error.reason, "connect");
	static const char *const URLS[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "no url", "http://"};
	for (size_t i = 0; i < ARRAY_SIZE(URLS); i++) {
		struct errand other = {.request.url = URLS[i]};
		run(&scene, &other);
		assert_int_equal(other.result, -1);
		assert_true(other.error.code == ERROR_INTERNAL || other.error.code == ERROR_UNAVAILABLE);
	}
	(void)close(taken);
	scene_stop(&scene);
}

struct cancelling {
	struct errand *errand;
	struct fixture *fixture;
};

static void cancel_at_the_gate(void *argument)
{
	struct cancelling *cancelling = argument;
	while (atomic_load(&cancelling->fixture->at_gate) == 0)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	co_cancel(cancelling->errand->co);
}

static void test_a_cancelled_fetch_ends_at_once(void **state)
{
	(void)state;
	struct scene scene;
	scene_start(&scene, 0, 0);
	struct errand errand = {.client = scene.client, .request.url = url_of(scene.fixture->port, "/gate")};
	struct cancelling cancelling = {.errand = &errand, .fixture = scene.fixture};
	assert_non_null(co_spawn("errand", run_errand, &errand));
	assert_non_null(co_spawn("cancel", cancel_at_the_gate, &cancelling));
	loop_run_until_idle(scene.loop);
	assert_int_equal(errand.result, -1);
	assert_int_equal(errand.error.code, ERROR_UNAVAILABLE);
	assert_string_equal(errand.error.reason, "cancelled");
	struct errand next = {.request.url = url_of(scene.fixture->port, "/hello")};
	run(&scene, &next);
	assert_int_equal(next.status, 200);
	errand_done(&next);
	scene_stop(&scene);
}

/* Many at once go through few connections, each with its own answer. */
static void test_fetches_side_by_side(void **state)
{
	(void)state;
	enum { COUNT = 50 };
	struct scene scene;
	scene_start(&scene, 2, 0);
	static struct errand errands[COUNT];
	static char urls[COUNT][64];
	for (int i = 0; i < COUNT; i++) {
		(void)snprintf(urls[i], sizeof(urls[i]), "http://127.0.0.1:%u/identity/%d", scene.fixture->port, i);
		errands[i] = (struct errand){.client = scene.client, .request.url = urls[i]};
		assert_non_null(co_spawn("errand", run_errand, &errands[i]));
	}
	loop_run_until_idle(scene.loop);
	for (int i = 0; i < COUNT; i++) {
		char wanted[32];
		(void)snprintf(wanted, sizeof(wanted), "|/identity/%d|", i);
		assert_int_equal(errands[i].result, 0);
		assert_non_null(strstr(errands[i].body, wanted));
		errand_done(&errands[i]);
	}
	fixture_on_thread(scene.fixture, count_connections);
	assert_in_range(atomic_load(&connections), 1, 2);
	scene_stop(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_connections_are_reused),	   cmocka_unit_test(test_a_kept_connection_that_died),
	    cmocka_unit_test(test_bodies_and_headers_arrive),	   cmocka_unit_test(test_the_names_of_the_work_travel),
	    cmocka_unit_test(test_any_status_is_an_answer),	   cmocka_unit_test(test_deadlines_are_kept),
	    cmocka_unit_test(test_answers_that_are_too_large),	   cmocka_unit_test(test_answers_that_break_off),
	    cmocka_unit_test(test_redirects_are_not_followed),	   cmocka_unit_test(test_nobody_listens),
	    cmocka_unit_test(test_a_cancelled_fetch_ends_at_once), cmocka_unit_test(test_fetches_side_by_side),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
