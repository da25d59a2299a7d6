#include "reviews/review.h"

#include "base/ids.h"
#include "client/client.h"
#include "reviews/review_of_author.h"
#include "reviews/reviewed_booking.h"
#include "rpc/cursor.h"
#include "rpc/page.h"
#include "summaries/summary.h"

#include <string.h>

#define REVIEW_JSON                                                                               \
	"jsonb_build_object('id', r.id, 'booking_id', r.booking_id, 'subject_id', r.subject_id, " \
	"'author_id', r.author_id, "                                                              \
	"'author_name', r.author_name, 'score', r.score::float8, 'text', r.text, 'created_at', "  \
	"api_time(r.created_at))"

static const char INSERT_REVIEW[] =
    "INSERT INTO review AS r (id, booking_id, subject_id, author_id, author_name, score, text, created_at) "
    "VALUES ($1, $2, $3, $4, $5, $6::numeric, coalesce($7, ''), clock_timestamp()) RETURNING " REVIEW_JSON "::text";

/* One statement an order, each on its own index. */
#define SELECT_REVIEWS(value, type, direction, after)                                                \
	"SELECT " REVIEW_JSON "::text, " value "::text, r.id FROM review r WHERE r.subject_id = $1 " \
	"AND ($2::" type " IS NULL OR (" value ", r.id) " after " ($2::" type ", $3::uuid)) "        \
	"ORDER BY " value " " direction ", r.id " direction " " PAGE_LIMIT("$4")

static const char NEWEST[] = SELECT_REVIEWS("r.created_at", "timestamptz", "DESC", "<");
static const char HIGHEST[] = SELECT_REVIEWS("r.score", "numeric", "DESC", "<");
static const char LOWEST[] = SELECT_REVIEWS("r.score", "numeric", "ASC", ">");

/* The author's display name now; a review keeps it. */
static const char *author_name(struct rpc_call *call)
{
	struct json_object *items = NULL;
	struct rpc_request request = {
	    .method = "passport.user.profiles",
	    .params = arena_printf(&call->ctx->arena, "{\"ids\":[\"%s\"]}", rpc_caller_id(call)),
	    .as = RPC_AS_SERVICE,
	    .idempotent = true,
	};
	struct json_object *profiles = rpc_invoke(call->ctx, call->client, &request);
	if (!profiles || !json_object_object_get_ex(profiles, "items", &items))
		return NULL;
	struct json_object *profile = json_object_array_get_idx(items, 0);
	const char *name = profile ? json_object_get_string(json_object_object_get(profile, "name")) : NULL;
	return name ? name : "";
}

int review_create(struct rpc_call *call)
{
	struct context *ctx = call->ctx;
	struct reviewed_booking booking;
	if (reviewed_booking_read(call, &booking))
		return -1;
	const char *name = author_name(call), *score = rpc_param(call, "score"), *replaced = NULL;
	if (!name)
		return -1;
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	if (review_of_author_replace(call, tx, booking.listing_id, &replaced))
		return -1;
	struct pg_result *review =
	    pg_query(ctx, tx, INSERT_REVIEW, id, rpc_param(call, "booking_id"), booking.listing_id, rpc_caller_id(call),
		     name, score, rpc_param(call, "text"));
	if (!review || summary_add(call, tx, booking.listing_id, score, replaced) ||
	    rpc_publish(call, tx, "rating.review.created", booking.listing_id, pg_text(review, 0, 0)))
		return -1;
	return rpc_commit_row(call, tx, review, "review");
}

int review_list(struct rpc_call *call)
{
	const char *after[2], *sort = rpc_param(call, "sort"), *subject = rpc_param(call, "subject_id");
	const char *sql = !sort || strcmp(sort, "newest") == 0 ? NEWEST
			  : strcmp(sort, "highest") == 0       ? HIGHEST
							       : LOWEST;
	const char *scope = arena_printf(&call->ctx->arena, "%s %s", subject, sort ? sort : "newest");
	if (cursor_read(call, scope, 2, after))
		return -1;
	struct pg_result *rows =
	    pg_read(call->ctx, call->db, sql, subject, after[0], after[1], rpc_param(call, "limit"));
	return rows ? rpc_reply_page(call, rows, scope, 2, NULL) : -1;
}
