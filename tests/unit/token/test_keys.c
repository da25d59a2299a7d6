/* Fetching the issuer's keys: rotation, unknown kids, an issuer that is down. The issuer is a real HTTP server on the
 * same loop, which says what the test wants and counts how often it is asked. */
#include "co/co.h"
#include "co/loop.h"
#include "co/sync.h"
#include "http/client.h"
#include "http/server.h"
#include "token/keys.h"
#include "token/token_fixture.h"

#define ASKERS 20

static struct issuer {
	struct http_server *server;
	struct http_client *client;
	const char *url;
	const char *jwks;
	int status;
	int asked;
	int changed;
	bool held; /* answers wait */
	struct co_queue waiting;
} issuer;

static struct token_key first, second;

static void answer_jwks(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	issuer.asked++;
	if (issuer.held)
		assert_int_equal(co_queue_wait(&issuer.waiting, "test", DEADLINE_NEVER), CO_OK);
	http_reply(exchange, issuer.status, "application/json", issuer.jwks, strlen(issuer.jwks));
}

static void count_change(void *argument)
{
	(void)argument;
	issuer.changed++;
}

static struct token_keys *make_keys_of(const char *url, int64_t lifetime, int64_t min_interval)
{
	struct token_keys *keys = token_keys_new(&(struct token_keys_options){.url = url,
									      .http = issuer.client,
									      .changed = count_change,
									      .lifetime = lifetime,
									      .min_interval = min_interval});
	assert_non_null(keys);
	return keys;
}

static void assert_known(struct context *ctx, struct token_keys *keys, const struct token_key *wanted)
{
	EVP_PKEY *found = token_keys_get(ctx, keys, wanted->kid, JWT_ES256);
	if (!found)
		fail_msg("%s: %s", wanted->kid, ctx->error.message);
	assert_int_equal(EVP_PKEY_eq(found, wanted->key), 1);
}

static void assert_unknown(struct context *ctx, struct token_keys *keys, const char *kid, enum error_code code,
			   const char *reason)
{
	error_clear(&ctx->error);
	assert_null(token_keys_get(ctx, keys, kid, JWT_ES256));
	assert_int_equal(ctx->error.code, code);
	assert_string_equal(ctx->error.reason, reason);
	error_clear(&ctx->error);
}

/* Runs body in a coroutine with an issuer that shows both keys. */
struct run {
	void (*body)(struct context *ctx);
};

static void run_body(void *argument)
{
	const struct run *run = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(30 * CLOCK_SECOND));
	issuer = (struct issuer){.status = 200};
	char error[200];
	issuer.server = http_server_new(&(struct http_server_options){.address = "127.0.0.1"}, error, sizeof(error));
	assert_non_null(issuer.server);
	http_server_route(issuer.server, "GET", "/jwks", 0, answer_jwks, NULL);
	issuer.client = http_client_new(0);
	issuer.url = arena_printf(&ctx.arena, "http://127.0.0.1:%d/jwks", http_server_port(issuer.server));
	issuer.jwks = token_jwks(&ctx.arena, (const struct token_key[]){first, second}, 2);
	run->body(&ctx);
	co_yield (); /* a cancelled fetch ends */
	co_yield ();
	http_client_free(issuer.client);
	http_server_drain(issuer.server);
	while (http_server_in_flight(issuer.server) > 0)
		co_yield ();
	http_server_free(issuer.server);
	context_done(&ctx);
}

static void run(void (*body)(struct context *ctx))
{
	struct run one = {body};
	struct loop *loop = loop_new(&(struct loop_options){0});
	assert_non_null(loop);
	first = token_key_make("ES256", "first");
	second = token_key_make("ES256", "second");
	assert_non_null(co_spawn("test", run_body, &one));
	loop_run_until_idle(loop);
	loop_free(loop);
	token_key_free(&first);
	token_key_free(&second);
}

static void fetch_at_start(struct context *ctx)
{
	struct token_keys *keys = make_keys_of(issuer.url, 0, 0);
	assert_known(ctx, keys, &first); /* waits for the first fetch */
	assert_known(ctx, keys, &second);
	assert_int_equal(issuer.asked, 1);
	token_keys_free(keys);
}

/* The new key is published before it signs, then signs, then the old one is retired: nobody is refused at any stage. */
static void rotate(struct context *ctx)
{
	struct token_key third = token_key_make("ES256", "third");
	issuer.jwks = token_jwks(&ctx->arena, (const struct token_key[]){first, second}, 2);
	struct token_keys *keys = make_keys_of(issuer.url, 20 * CLOCK_MILLISECOND, 0);
	assert_known(ctx, keys, &first);
	issuer.jwks = token_jwks(&ctx->arena, (const struct token_key[]){first, second, third}, 3);
	for (uint64_t seen = token_keys_fetches(keys); token_keys_fetches(keys) < seen + 2;) {
		assert_known(ctx, keys, &first);
		(void)co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND));
	}
	int asked = issuer.asked;
	assert_known(ctx, keys, &third); /* known before the first token signed by it, without asking */
	assert_int_equal(issuer.asked, asked);
	assert_int_equal(issuer.changed, 0);
	issuer.jwks = token_jwks(&ctx->arena, (const struct token_key[]){second, third}, 2);
	for (uint64_t seen = token_keys_fetches(keys); token_keys_fetches(keys) < seen + 2;)
		(void)co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND));
	assert_known(ctx, keys, &second);
	assert_known(ctx, keys, &third);
	assert_int_equal(issuer.changed, 1); /* what the first one signed is to be forgotten */
	token_keys_free(keys);
	token_key_free(&third);
}

/* A token signed by a key nobody has seen yet: one fetch brings it; made-up kids cannot make us fetch more. */
static void ask_for_unknown_kids(struct context *ctx)
{
	struct token_key third = token_key_make("ES256", "third");
	struct token_keys *keys = make_keys_of(issuer.url, 0, 0);
	assert_known(ctx, keys, &first);
	issuer.jwks = token_jwks(&ctx->arena, (const struct token_key[]){first, second, third}, 3);
	assert_known(ctx, keys, &third);
	assert_int_equal(issuer.asked, 2);
	for (int i = 0; i < 100; i++)
		assert_unknown(ctx, keys, arena_printf(&ctx->arena, "made-up-%d", i), ERROR_UNAUTHENTICATED,
			       "unknown_key");
	assert_int_equal(issuer.asked, 2);
	assert_int_equal(token_keys_fetches(keys), 2);
	token_keys_free(keys);
	/* Once the interval has passed it may be asked again. */
	keys = make_keys_of(issuer.url, 0, 1);
	assert_unknown(ctx, keys, "made-up", ERROR_UNAUTHENTICATED, "unknown_key");
	assert_unknown(ctx, keys, "made-up", ERROR_UNAUTHENTICATED, "unknown_key");
	assert_int_equal(issuer.asked, 4);
	token_keys_free(keys);
	token_key_free(&third);
}

struct asker {
	struct token_keys *keys;
	int found;
};

static void ask(void *argument)
{
	struct asker *asker = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(10 * CLOCK_SECOND));
	if (token_keys_get(&ctx, asker->keys, "third", JWT_ES256))
		asker->found++;
	context_done(&ctx);
}

/* Many callers with one unknown kid wait for one fetch. */
static void share_one_fetch(struct context *ctx)
{
	struct token_key third = token_key_make("ES256", "third");
	struct asker asker = {.keys = make_keys_of(issuer.url, 0, 0)};
	struct co_group *group = co_group_new(ctx);
	assert_known(ctx, asker.keys, &first);
	issuer.held = true;
	issuer.jwks = token_jwks(&ctx->arena, (const struct token_key[]){first, third}, 2);
	for (int i = 0; i < ASKERS; i++)
		assert_int_equal(co_group_start(group, "asker", ask, &asker), 0);
	while (issuer.asked < 2)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	issuer.held = false;
	co_queue_wake_all(&issuer.waiting);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	assert_int_equal(asker.found, ASKERS);
	assert_int_equal(issuer.asked, 2);
	token_keys_free(asker.keys);
	token_key_free(&third);
}

/* A caller whose time is up does not wait for a slow issuer. */
static void leave_a_slow_issuer(struct context *ctx)
{
	struct token_keys *keys = make_keys_of(issuer.url, 0, 0);
	assert_known(ctx, keys, &first);
	issuer.held = true;
	struct context hurried;
	context_init(&hurried, deadline_after(20 * CLOCK_MILLISECOND));
	assert_null(token_keys_get(&hurried, keys, "third", JWT_ES256));
	assert_int_equal(hurried.error.code, ERROR_DEADLINE_EXCEEDED);
	context_done(&hurried);
	assert_known(ctx, keys, &first); /* known ones need no issuer */
	token_keys_free(keys);		 /* with the fetch under way */
	while (issuer.asked < 2)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	issuer.held = false;
	co_queue_wake_all(&issuer.waiting);
}

static void keep_keys_while_the_issuer_is_down(struct context *ctx)
{
	static const char *const broken[] = {"", "<html>busy</html>", "{\"keys\":[]}",
					     "{\"keys\":[{\"kty\":\"oct\"}]}"};
	struct token_keys *keys = make_keys_of(issuer.url, 0, 1);
	assert_known(ctx, keys, &first);
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		issuer.jwks = broken[i];
		assert_unknown(ctx, keys, "third", ERROR_UNAUTHENTICATED, "unknown_key");
		assert_known(ctx, keys, &first);
	}
	issuer.status = 503;
	assert_unknown(ctx, keys, "third", ERROR_UNAUTHENTICATED, "unknown_key");
	assert_known(ctx, keys, &second);
	assert_int_equal(issuer.changed, 0);
	assert_true(issuer.asked >= 6);
	token_keys_free(keys);
}

/* Before the first key set nobody can say whether a token is good: that is our trouble, not the caller's. */
static void say_that_keys_are_missing(struct context *ctx)
{
	issuer.status = 500;
	struct token_keys *keys = make_keys_of(issuer.url, 0, 1);
	assert_unknown(ctx, keys, "first", ERROR_UNAVAILABLE, "keys");
	issuer.status = 200;
	assert_known(ctx, keys, &first);
	token_keys_free(keys);
	keys = make_keys_of(NULL, 0, 0);
	assert_unknown(ctx, keys, "first", ERROR_UNAVAILABLE, "keys");
	token_keys_free(keys);
	token_keys_free(NULL);
}

#define TEST_RUN(name, body)           \
	static void name(void **state) \
	{                              \
		(void)state;           \
		run(body);             \
	}

TEST_RUN(fetches_at_start, fetch_at_start)
TEST_RUN(follows_a_rotation, rotate)
TEST_RUN(fetches_once_for_unknown_kids, ask_for_unknown_kids)
TEST_RUN(shares_one_fetch, share_one_fetch)
TEST_RUN(leaves_a_slow_issuer, leave_a_slow_issuer)
TEST_RUN(keeps_keys_while_the_issuer_is_down, keep_keys_while_the_issuer_is_down)
TEST_RUN(says_that_keys_are_missing, say_that_keys_are_missing)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fetches_at_start),
	    cmocka_unit_test(follows_a_rotation),
	    cmocka_unit_test(fetches_once_for_unknown_kids),
	    cmocka_unit_test(shares_one_fetch),
	    cmocka_unit_test(leaves_a_slow_issuer),
	    cmocka_unit_test(keeps_keys_while_the_issuer_is_down),
	    cmocka_unit_test(says_that_keys_are_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
