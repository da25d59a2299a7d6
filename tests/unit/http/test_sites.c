/* One site takes no room of the others, over however many addresses it comes: without sockets, for this machine has
 * one address of IPv6. */
#include "http/http_fixture.h"

#include "http/engine.h"

#include <event2/event.h>

enum { SEATS = 64, OF_ADDRESS = 2, OF_SITE = 4 * OF_ADDRESS };

/* A server whose connections are the seats' numbers. */
struct hall {
	struct http_server server;
	struct http_seat seats[SEATS];
	size_t count;
	struct http_seat *last_gone;
};

static struct hall *hall;

static bool end_seat(void *connection)
{
	hall->last_gone = connection;
	http_peers_leave(&hall->server, connection);
	return true;
}

static void shed_seat(void *connection)
{
	struct http_seat *seat = connection;
	hall->last_gone = seat;
	http_peers_forget(&hall->server, seat, seat->held);
	http_peers_leave(&hall->server, seat);
}

static const struct http_engine HALL = {.evict = end_seat, .shed = shed_seat};

static void hall_open(size_t max_connections, size_t budget)
{
	hall = calloc(1, sizeof(*hall));
	assert_non_null(hall);
	hall->server.engine = &HALL;
	hall->server.options.max_connections = max_connections;
	hall->server.options.max_connections_per_address = OF_ADDRESS;
	hall->server.options.budget = budget;
	hall->server.base = event_base_new();
	assert_non_null(hall->server.base);
	http_peers_open(&hall->server);
}

static void hall_close(void)
{
	for (size_t i = 0; i < hall->count; i++) {
		http_peers_forget(&hall->server, &hall->seats[i], hall->seats[i].held);
		http_peers_leave(&hall->server, &hall->seats[i]);
	}
	http_peers_close(&hall->server);
	event_base_free(hall->server.base);
	free(hall);
}

/* The seat of a newcomer; NULL when there is no room. */
static struct http_seat *come(const char *peer)
{
	size_t seated = 0;
	for (size_t i = 0; i < hall->count; i++)
		seated += hall->seats[i].connection != NULL;
	if (!http_peers_make_room(&hall->server, peer, seated))
		return NULL;
	struct http_seat *seat = &hall->seats[hall->count++];
	http_peers_seat(&hall->server, seat, seat, peer);
	return seat;
}

static struct http_seat *come_from(int site, int network)
{
	char peer[IP_ADDRESS_SIZE];
	(void)snprintf(peer, sizeof(peer), "2001:db8:%x:%x::1", site, network);
	return come(peer);
}

static struct http_seat *come_by_ipv4(int number)
{
	char peer[IP_ADDRESS_SIZE];
	(void)snprintf(peer, sizeof(peer), "192.0.2.%d", number);
	return come(peer);
}

static void test_a_site_gives_up_its_own_oldest(void **state)
{
	(void)state;
	hall_open(SEATS, 0);
	struct http_seat *first = come_from(2, 1), *other = come_from(1, 1);
	struct http_seat *oldest = come_from(2, 2);
	http_peers_busy(&hall->server, first);
	for (int i = 3; i < OF_SITE + 1; i++)
		assert_non_null(come_from(2, i));
	assert_null(hall->last_gone);
	/* The oldest of its site goes, since the first is at work; another site's is not asked. */
	assert_non_null(come_from(2, 0xFFFF));
	assert_ptr_equal(hall->last_gone, oldest);
	assert_non_null(other->connection);
	/* Addresses of IPv4 that are as near to each other have nothing to do with each other. */
	for (int i = 1; i < 3 * OF_SITE; i++)
		assert_non_null(come_by_ipv4(i));
	assert_ptr_equal(hall->last_gone, oldest);
	hall_close();
}

static void test_a_site_with_nothing_idle_is_refused(void **state)
{
	(void)state;
	hall_open(SEATS, 0);
	for (int i = 0; i < OF_SITE; i++)
		http_peers_busy(&hall->server, come_from(2, i));
	assert_null(come_from(2, 0xFFFF));
	assert_non_null(come_from(3, 0));
	/* What leaves makes room, down to the last. */
	for (int i = 0; i < OF_SITE; i++)
		http_peers_leave(&hall->server, &hall->seats[i]);
	assert_non_null(come_from(2, 0xFFFF));
	hall_close();
}

static void hold(struct http_seat *seat, size_t bytes)
{
	size_t held = 0;
	http_peers_hold(&hall->server, seat, &held, bytes);
}

/* Many addresses of a site that hold a little each hold more than one address that holds more than any of them. */
static void test_the_greediest_site_is_shed(void **state)
{
	(void)state;
	hall_open(SEATS, 1000);
	struct http_seat *large = come_by_ipv4(1), *most = NULL;
	hold(large, 400);
	for (int i = 0; i < 6; i++) {
		most = come_from(2, i);
		hold(most, i < 5 ? 100 : 150);
	}
	assert_true(http_peers_is_greediest(&hall->server, most));
	assert_false(http_peers_is_greediest(&hall->server, large));
	hall_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_site_gives_up_its_own_oldest),
	    cmocka_unit_test(test_a_site_with_nothing_idle_is_refused),
	    cmocka_unit_test(test_the_greediest_site_is_shed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
