/* Reaching the server over TCP by an address, by localhost, and by a name that the offload pool resolves. */
#include "co/offload.h"
#include "postgres/link.h"
#include "postgres/migrate.h"
#include "postgres/pg_run.h"
#include "postgres/pg_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static struct pg_server server;

/* A port that stays bound, without a listener, until the program ends: the kernel gives it to nobody else, and
 * PostgreSQL may listen on it, for it sets SO_REUSEADDR too. */
static int free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), reuse = 1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)) != 0 ||
	    bind(fd, (const struct sockaddr *)&address, length) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		pg_server_die("no free port");
	return ntohs(address.sin_port);
}

static void body_address(struct context *ctx, struct pg *pg)
{
	const struct pg_result *result = pg_read(ctx, pg, "SELECT host(inet_client_addr())");
	pg_run_check(ctx);
	assert_string_equal(pg_text(result, 0, 0), "127.0.0.1");
}

/* "127.1" is no numeric address for inet_pton, so it takes the way of a name; getaddrinfo knows it without a server. */
static void test_hosts(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost", "127.1"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		char url[128];
		(void)snprintf(url, sizeof(url), "postgresql://postgres@%s:%d/postgres", hosts[i], server.port);
		pg_run(&(struct pg_options){.url = url, .lease_connections = 1}, body_address);
	}
}

/* What libpq would look up by itself, and wait for, is looked up before. */
static void test_only_names_need_resolving(void **state)
{
	static const struct {
		const char *url;
		bool needed;
	} cases[] = {
	    {"postgresql://u@database.example/d", true},
	    {"postgresql://u@127.1/d", true},
	    {"postgresql://u@127.0.0.1/d", false},
	    {"postgresql://u@[::1]/d", false},
	    {"postgresql://u@localhost/d", false},
	    {"postgresql:///d?host=/run/postgresql", false},
	    {"postgresql://u@database.example/d?hostaddr=127.0.0.1", false},
	    {"postgresql://u@one.example,two.example/d", false},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pg_target target;
		assert_int_equal(pg_target_init(&target, cases[i].url), 0);
		assert_int_equal(pg_target_needs_resolving(&target), cases[i].needed);
		pg_target_done(&target);
	}
}

static void migrate_nothing(void *argument)
{
	static const struct embedded_file *const sets[] = {NULL};
	(void)argument;
	struct context ctx;
	context_init(&ctx, deadline_after(PG_RUN_LIMIT));
	char url[128];
	(void)snprintf(url, sizeof(url), "postgresql://postgres@127.1:%d/postgres", server.port);
	assert_int_equal(migrate_run(&ctx, url, sets), 0);
	context_done(&ctx);
}

static void test_migrations_resolve_as_well(void **state)
{
	struct loop *loop = loop_new(&(struct loop_options){0});
	(void)state;
	assert_non_null(co_spawn("migrate", migrate_nothing, NULL));
	loop_run_until_idle(loop);
	loop_free(loop);
}

static void body_nothing(struct context *ctx, struct pg *pg)
{
	(void)ctx;
	(void)pg;
}

/* Freed while names are being looked up. */
static void test_closing_during_the_look_up(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = "postgresql://postgres@127.1:1/postgres"}, body_nothing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_only_names_need_resolving),
	    cmocka_unit_test(test_migrations_resolve_as_well),
	    cmocka_unit_test(test_closing_during_the_look_up),
	};
	server.port = free_port();
	pg_server_start(&server);
	struct offload_pool *pool = offload_pool_new(2, 16);
	offload_set_default(pool);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	offload_set_default(NULL);
	offload_pool_free(pool);
	pg_server_stop(&server);
	return failed;
}
