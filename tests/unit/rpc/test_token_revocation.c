/* The table of revocations: subjects, moments, and what happens when there are very many. */
#include "base/clock.h"
#include "rpc/token_revocation.h"
#include "unit.h"

#include <pthread.h>
#include <string.h>

#define USER "01932b5c-7a10-7000-8000-000000000001"
#define SESSION "01932b5c-7a10-7000-8000-000000000002"
#define THREADS 4
#define ADDED 500

static struct identity make_identity(const char *user, const char *session)
{
	struct identity identity = {.kind = IDENTITY_USER};

	(void)snprintf(identity.id, sizeof(identity.id), "%s", user);
	(void)snprintf(identity.session, sizeof(identity.session), "%s", session);
	return identity;
}

static int clear(void **state)
{
	(void)state;
	token_revocation_clear();
	return 0;
}

static void voids_what_was_issued_before(void **state)
{
	struct identity identity = make_identity(USER, SESSION), other = make_identity(USER, ""),
			swapped = make_identity(SESSION, USER);
	int64_t now = clock_wall();
	uint64_t revision = token_revocation_revision();

	(void)state;
	assert_false(token_revocation_has(&identity, now));
	token_revocation_add(USER, SESSION, now);
	assert_true(token_revocation_revision() > revision);
	assert_true(token_revocation_has(&identity, now - 1));
	assert_false(token_revocation_has(&identity, now));
	assert_false(token_revocation_has(&other, now - 1));   /* the user's other sessions */
	assert_false(token_revocation_has(&swapped, now - 1)); /* ids of users and sessions are apart */
	token_revocation_add(USER, "", now - 10);
	assert_true(token_revocation_has(&other, now - 11));
	token_revocation_add(USER, NULL, now - 20); /* the latest counts */
	assert_true(token_revocation_has(&other, now - 11));
	assert_int_equal(token_revocation_count(), 2);
	token_revocation_add("", "", now);
	token_revocation_add(NULL, NULL, now);
	token_revocation_add(USER USER, NULL, now);
	assert_int_equal(token_revocation_count(), 2);
}

/* What no living token can be older than is dropped when room is needed. */
static void drops_what_is_over(void **state)
{
	int64_t now = clock_wall();
	char id[UUID_SIZE];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(id, sizeof(id), "old-%d", i);
		token_revocation_add(NULL, id, now - 7200 * CLOCK_SECOND);
	}
	token_revocation_add(USER, SESSION, now);
	assert_true(token_revocation_count() < 100);
}

/* Nobody is let in because there were too many revocations: the oldest part becomes a rule for all. */
static void forgets_none_silently(void **state)
{
	int64_t start = clock_wall() - 1000 * CLOCK_SECOND;
	struct identity first = make_identity("user", "0"), stranger = make_identity("other", "other");
	char id[UUID_SIZE];

	(void)state;
	for (size_t i = 0; i < REVOCATIONS_MAX + 10000; i++) {
		(void)snprintf(id, sizeof(id), "%zu", i);
		token_revocation_add(NULL, id, start + (int64_t)i * CLOCK_MILLISECOND);
	}
	assert_true(token_revocation_count() <= REVOCATIONS_MAX);
	assert_true(token_revocation_has(&first, start - 1));
	assert_true(token_revocation_has(&stranger, start - 1));
	assert_false(token_revocation_has(&stranger, clock_wall()));
	(void)snprintf(first.session, sizeof(first.session), "%zu", REVOCATIONS_MAX + 9999);
	assert_true(token_revocation_has(&first, start + (int64_t)(REVOCATIONS_MAX + 9000) * CLOCK_MILLISECOND));
}

static void *add_many(void *argument)
{
	char id[UUID_SIZE];

	for (int i = 0; i < ADDED; i++) {
		struct identity identity;

		(void)snprintf(id, sizeof(id), "%p-%d", argument, i);
		token_revocation_add(NULL, id, clock_wall());
		identity = make_identity("user", id);
		assert_true(token_revocation_has(&identity, 1));
	}
	return NULL;
}

static void is_shared_by_threads(void **state)
{
	pthread_t threads[THREADS];
	char names[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, &names[i]), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(token_revocation_count(), THREADS * ADDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(voids_what_was_issued_before, clear),
	    cmocka_unit_test_teardown(drops_what_is_over, clear),
	    cmocka_unit_test_teardown(forgets_none_silently, clear),
	    cmocka_unit_test_teardown(is_shared_by_threads, clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
