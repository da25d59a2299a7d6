#include "reviews/own_review_command.h"

#include "base/ids.h"
#include "client/rights.h"
#include "reviews/reviewed_booking.h"
#include "telemetry/log.h"

#include <stdio.h>
#include <string.h>

#define BATCH 100
#define DEADLINE (120 * CLOCK_SECOND) /* of a batch */
#define UNREADABLE_STATUS 2

/* Imported reviews have no booking, and nobody knows whether their authors are our users. */
static const char SELECT_REVIEWS[] =
    "SELECT r.id, r.booking_id, r.author_id, jsonb_build_object('id', r.id, 'subject_id', r.subject_id, 'author_id', "
    "r.author_id, 'booking_id', r.booking_id, 'score', r.score, 'created_at', api_time(r.created_at))::text "
    "FROM review r WHERE r.id > $1 AND r.booking_id IS NOT NULL AND r.author_id IS NOT NULL ORDER BY r.id LIMIT 100";

/* 1 when the author belongs to the company or did so when booking, 0 when not, -1 with an error. */
static int is_own(struct daemon_worker *worker, struct context *ctx, const struct pg_result *reviews, size_t row)
{
	struct identity author = {.kind = IDENTITY_USER};
	struct rpc_call call = {.ctx = ctx, .caller = &author, .worker = worker, .client = worker->client};
	bool member = false;
	(void)snprintf(author.id, sizeof(author.id), "%s", pg_text(reviews, row, 2));
	struct json_object *booking = reviewed_booking_ask(&call, pg_text(reviews, row, 1));
	if (!booking && ctx->error.code == ERROR_NOT_FOUND) {
		error_clear(&ctx->error);
		return 0;
	}
	if (!booking)
		return -1;
	if (json_object_get_boolean(json_object_object_get(booking, "by_member")))
		return 1;
	const char *company = json_object_get_string(json_object_object_get(booking, "company_id"));
	return client_find_member(&call, company, &member) ? -1 : member;
}

/* From the review after `place` on, which is moved. How many reviews were looked at; -1 with an error. */
static int look_at_batch(struct daemon_worker *worker, struct context *ctx, char place[static UUID_SIZE], size_t *found)
{
	struct pg_result *reviews = pg_read(ctx, worker->db, SELECT_REVIEWS, place);
	if (!reviews)
		return -1;
	for (size_t row = 0; row < pg_count(reviews); row++) {
		int own = is_own(worker, ctx, reviews, row);
		if (own < 0)
			return -1;
		if (own > 0)
			printf("{\"check\":\"own_company\",\"row\":%s}\n", pg_text(reviews, row, 3));
		*found += (size_t)own;
		(void)snprintf(place, UUID_SIZE, "%s", pg_text(reviews, row, 0));
	}
	return (int)pg_count(reviews);
}

int own_review_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	char place[UUID_SIZE] = "00000000-0000-0000-0000-000000000000";
	size_t found = 0;
	int count = 0;
	(void)ctx;
	(void)argv;
	if (argc != 0) {
		log_event(LOG_ERROR, NULL, "usage: own-reviews");
		return UNREADABLE_STATUS;
	}
	do {
		struct context batch;
		context_init(&batch, deadline_after(DEADLINE));
		count = look_at_batch(worker, &batch, place, &found);
		if (count < 0)
			log_error_of(LOG_ERROR, &batch, "who wrote a review cannot be asked");
		context_done(&batch);
	} while (count == BATCH);
	return count < 0 ? UNREADABLE_STATUS : found > 0;
}
