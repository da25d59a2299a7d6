/* The table of revocations: subjects, epochs, and what happens when there are very many. */
#include "base/clock.h"
#include "token/revocation.h"
#include "unit.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define USER "01932b5c-7a10-7000-8000-000000000001"
#define SESSION "01932b5c-7a10-7000-8000-000000000002"
#define THREADS 4
#define ADDED 500

static struct identity make_identity(const char *user, const char *session, int64_t epoch)
{
	struct identity identity = {.kind = IDENTITY_USER, .epoch = epoch, .issued = clock_wall()};
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

static void test_a_session_is_void_for_good(void **state)
{
	struct identity identity = make_identity(USER, SESSION, 7), other = make_identity(USER, "", 7),
			swapped = make_identity(SESSION, USER, 7);
	uint64_t revision = token_revocation_revision();
	(void)state;
	assert_false(token_revocation_has(&identity));
	token_revocation_add_session(SESSION, clock_wall() - 100 * CLOCK_SECOND);
	assert_true(token_revocation_revision() > revision);
	assert_true(token_revocation_has(&identity));
	assert_false(token_revocation_has(&other));   /* the user's other sessions */
	assert_false(token_revocation_has(&swapped)); /* ids of users and sessions are apart */
	assert_int_equal(token_revocation_count(), 1);
}

static void test_the_highest_epoch_counts(void **state)
{
	struct identity second = make_identity(USER, SESSION, 2), third = make_identity(USER, SESSION, 3);
	struct identity stranger = make_identity(SESSION, "", 0);
	int64_t now = clock_wall();
	(void)state;
	token_revocation_add_subject(USER, 2, now);
	assert_false(token_revocation_has(&second));
	token_revocation_add_subject(USER, 3, now - 50);
	token_revocation_add_subject(USER, 1, now + 50);
	assert_true(token_revocation_has(&second));
	assert_false(token_revocation_has(&third));
	assert_false(token_revocation_has(&stranger));
	assert_int_equal(token_revocation_count(), 1);
	token_revocation_add_subject("", 9, now);
	token_revocation_add_session("", now);
	token_revocation_add_subject(USER USER, 9, now);
	assert_int_equal(token_revocation_count(), 1);
}

static void add_old(const char *prefix, int count, int64_t at)
{
	char id[UUID_SIZE];
	for (int i = 0; i < count; i++) {
		(void)snprintf(id, sizeof(id), "%s-%d", prefix, i);
		token_revocation_add_session(id, at);
	}
}

/* What voids no living token is dropped when room is needed; what still may is kept. */
static void test_drops_what_is_over(void **state)
{
	int64_t now = clock_wall();
	struct identity one = make_identity(USER, "young-999", 0);
	(void)state;
	add_old("young", 1000, now - TOKEN_LIFETIME_MAX);
	add_old("old", 10000, now - TOKEN_REVOCATION_KEEP - CLOCK_SECOND);
	token_revocation_add_session(SESSION, now);
	assert_in_range(token_revocation_count(), 1001, 3000);
	assert_true(token_revocation_has(&one));
}

/* Nobody is let in because there were too many revocations: the oldest part becomes a rule for all. */
static void test_forgets_none_silently(void **state)
{
	int64_t start = clock_wall() - 1000 * CLOCK_SECOND;
	struct identity first = make_identity("user", "0", 0), stranger = make_identity("other", "other", 0);
	(void)state;
	char id[UUID_SIZE];
	for (size_t i = 0; i < REVOCATIONS_MAX + 10000; i++) {
		(void)snprintf(id, sizeof(id), "%zu", i);
		token_revocation_add_session(id, start + (int64_t)i * CLOCK_MILLISECOND);
	}
	assert_true(token_revocation_count() <= REVOCATIONS_MAX);
	first.issued = stranger.issued = start - 1;
	assert_true(token_revocation_has(&first));
	assert_true(token_revocation_has(&stranger));
	/* It may have been signed a little after what is forgotten. */
	first.issued = start + TOKEN_REVOCATION_SLACK;
	assert_true(token_revocation_has(&first));
	stranger.issued = clock_wall();
	assert_false(token_revocation_has(&stranger));
	(void)snprintf(first.session, sizeof(first.session), "%zu", REVOCATIONS_MAX + 9999);
	first.issued = clock_wall();
	assert_true(token_revocation_has(&first));
}

static void test_knows_its_age(void **state)
{
	(void)state;
	assert_true(token_revocation_age() >= 0);
	struct timespec pause = {.tv_nsec = 20000000};
	(void)nanosleep(&pause, NULL);
	assert_in_range(token_revocation_age(), 20 * CLOCK_MILLISECOND, 10 * CLOCK_SECOND);
	token_revocation_heard();
	assert_in_range(token_revocation_age(), 0, 15 * CLOCK_MILLISECOND);
}

static void *add_many(void *argument)
{
	char id[UUID_SIZE];
	for (int i = 0; i < ADDED; i++) {
		(void)snprintf(id, sizeof(id), "%p-%d", argument, i);
		token_revocation_add_session(id, clock_wall());
		struct identity identity = make_identity("user", id, 0);
		assert_true(token_revocation_has(&identity));
	}
	return NULL;
}

static void test_is_shared_by_threads(void **state)
{
	(void)state;
	char names[THREADS];
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, &names[i]), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(token_revocation_count(), THREADS * ADDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_a_session_is_void_for_good, clear),
	    cmocka_unit_test_teardown(test_the_highest_epoch_counts, clear),
	    cmocka_unit_test_teardown(test_knows_its_age, clear),
	    cmocka_unit_test_teardown(test_drops_what_is_over, clear),
	    cmocka_unit_test_teardown(test_forgets_none_silently, clear),
	    cmocka_unit_test_teardown(test_is_shared_by_threads, clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
