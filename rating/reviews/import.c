#include "reviews/import.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/text.h"
#include "daemon/import.h"
#include "rpc/erased_user.h"
#include "summaries/recount.h"
#include "summaries/summary.h"
#include "json/tree.h"

#include <math.h>
#include <string.h>

#define MAX_BATCH (64 << 20)
#define MAX_TEXT 5000
#define MAX_NAME 100

#define NAME "CASE WHEN " ERASED_USER("p.author_id") " THEN '' ELSE coalesce(p.author_name, '') END"

/* None of the authors is erased until the batch is in. */
static const char LOCK_AUTHORS[] = "SELECT " ERASED_USER_LOCK(
    "u.id::text") " FROM (SELECT DISTINCT p.author_id AS id FROM "
		  "jsonb_to_recordset($1::jsonb) AS p(author_id uuid) WHERE p.author_id IS NOT NULL ORDER BY 1) u";

/* Reviews that are there already (by id, or by the source's own id) are passed over. Those of an author count once it
 * is known which is the latest. The interval between reviews of one author is no rule for what another system took. */
static const char INSERT_REVIEWS[] =
    "WITH fresh AS (INSERT INTO review (id, subject_id, author_id, author_name, score, text, external_id, created_at, "
    "counts) SELECT p.id, p.subject_id, p.author_id, " NAME ", p.score, coalesce(p.text, ''), p.external_id, "
    "coalesce(p.created_at, now()), p.author_id IS NULL "
    "FROM jsonb_to_recordset($1::jsonb) AS p(id uuid, subject_id uuid, author_id uuid, "
    "author_name text, score numeric, text text, external_id text, created_at timestamptz) "
    "ON CONFLICT DO NOTHING RETURNING subject_id) SELECT array_agg(DISTINCT subject_id)::text FROM fresh";

static const char SUBJECTS[] = "SELECT array_agg(DISTINCT p.subject_id)::text "
			       "FROM jsonb_to_recordset($1::jsonb) AS p(subject_id uuid)";

static const char *text_of(const struct import_line *line, const char *name)
{
	struct json_object *value = json_object_object_get(line->value, name);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static bool absent(const struct import_line *line, const char *name)
{
	return !json_object_object_get(line->value, name);
}

static bool id_or_absent(const struct import_line *line, const char *name)
{
	const char *id = text_of(line, name);
	return id ? uuid_valid(id) : absent(line, name);
}

static bool text_or_absent(const struct import_line *line, const char *name, size_t maximum)
{
	const char *text = text_of(line, name);
	return text ? text_code_points(text, strlen(text)) <= maximum : absent(line, name);
}

static bool score_valid(const struct import_line *line)
{
	struct json_object *score = json_object_object_get(line->value, "score");
	if (!json_object_is_type(score, json_type_int) && !json_object_is_type(score, json_type_double))
		return false;
	double value = json_object_get_double(score);
	if (!(value >= 1 && value <= 5))
		return false;
	double nearest = (double)(int)(value * 100 + 0.5);
	return fabs(value * 100 - nearest) < 1e-6;
}

static void check(struct rpc_call *call, struct import_line *line)
{
	const char *created = text_of(line, "created_at");
	int64_t wall = 0;
	(void)call;
	if (!id_or_absent(line, "id") || !id_or_absent(line, "author_id"))
		line->reason = "/id, /author_id: format uuid";
	else if (absent(line, "subject_id") || !id_or_absent(line, "subject_id"))
		line->reason = "/subject_id: format uuid";
	else if (!score_valid(line))
		line->reason = "/score: 1 to 5 in steps of 0.01";
	else if (!text_or_absent(line, "text", MAX_TEXT) || !text_or_absent(line, "author_name", MAX_NAME))
		line->reason = "/text, /author_name: maxLength 5000, 100";
	else if (!text_or_absent(line, "external_id", 200))
		line->reason = "/external_id: maxLength 200";
	else if (created ? !clock_parse(created, &wall) : !absent(line, "created_at"))
		line->reason = "/created_at: format date-time";
	else if (created && wall > clock_wall())
		line->reason = "/created_at: lies in the future";
	if (absent(line, "id")) {
		char id[UUID_SIZE];
		uuid_make(id);
		json_object_object_add(line->value, "id", json_object_new_string(id));
	}
}

static const char *lines_text(struct context *ctx, struct import_line *const *lines, size_t count)
{
	struct buffer all;
	buffer_init_arena(&all, &ctx->arena, MAX_BATCH);
	for (size_t i = 0; i < count; i++) {
		buffer_append_char(&all, i > 0 ? ',' : '[');
		json_tree_write(lines[i]->value, &all);
	}
	buffer_append_char(&all, ']');
	return buffer_text(&all);
}

static int load(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines, size_t count)
{
	const char *all = lines_text(call->ctx, lines, count);
	pg_queue(call->ctx, tx, LOCK_AUTHORS, all);
	struct pg_result *named = pg_query(call->ctx, tx, SUBJECTS, all);
	if (!named)
		return -1;
	summary_lock(call, tx, pg_text(named, 0, 0));
	struct pg_result *fresh = pg_query(call->ctx, tx, INSERT_REVIEWS, all);
	if (!fresh)
		return -1;
	return pg_text(fresh, 0, 0) ? summary_recount(call, tx, pg_text(fresh, 0, 0)) : 0;
}

int review_import(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	static const struct import_spec spec = {.check = check, .load = load};
	return import_run(worker, ctx, argc, argv, &spec);
}
