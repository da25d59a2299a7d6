#include "catalogue/moderation.h"

#include "catalogue/listing_change.h"
#include "catalogue/listing_json.h"
#include "on_offer.h"
#include "projection/projection.h"
#include "rpc/cursor.h"
#include "rpc/page.h"

#include <string.h>

static const char SELECT_COMPANY[] = "SELECT company_id FROM listing WHERE id = $1";

static const char LOCK_LISTING[] = "SELECT state, version, submitted_by, submitter_created_by FROM listing "
				   "WHERE id = $1 FOR NO KEY UPDATE";

/* $2: the state from now on; $3: the fields that change with it. A rejected change leaves the published words. */
static const char DECIDE_LISTING[] =
    "UPDATE listing l SET state = $2, title = coalesce($3::jsonb->>'title', l.title), "
    "description = coalesce($3::jsonb->>'description', l.description), "
    "address = coalesce($3::jsonb->>'address', l.address), properties = CASE WHEN $3::jsonb ? 'properties' "
    "THEN jsonb_strip_nulls(l.properties || ($3::jsonb->'properties')) ELSE l.properties END, "
    "published_at = CASE WHEN l.state <> 'published' AND $2 = 'published' THEN now() ELSE l.published_at END, "
    "updated_at = CASE WHEN l.state = $2 AND $3::jsonb = '{}' THEN l.updated_at ELSE now() END, "
    "noted = " LISTING_IS_NOTED ", version = l.version + 1 WHERE l.id = $1 "
    "RETURNING (" LISTING_JSON " || " LISTING_NOTES_JSON ")::text, " LISTING_JSON "::text";

/* Places in the queue after ($2, $3), $4 a page, of the company $1 if the condition says so. What is of a suspended
 * company is in it again when the company is restored. */
#define OF_EVERYBODY "$1::uuid IS NULL"
#define AFTER "> (coalesce($2::timestamptz, '-infinity'), coalesce($3::uuid, '00000000-0000-0000-0000-000000000000'))"
#define SUBMITTED_AT "coalesce(l.submitted_at, l.created_at)"
#define LISTING_SHOWN COMPANY_ON_OFFER("l.company_id")
#define CHANGE_SHOWN COMPANY_ON_OFFER("c.company_id")
#define PAGE PAGE_LIMIT("$4")

#define LISTINGS(condition)                                                            \
	"SELECT l.id, " SUBMITTED_AT " AS at, NULL::uuid AS change_id FROM listing l " \
	"WHERE l.state = 'submitted' AND " condition " AND " LISTING_SHOWN " "         \
	"AND (" SUBMITTED_AT ", l.id) " AFTER " ORDER BY " SUBMITTED_AT ", l.id " PAGE

#define CHANGES(condition)                                                                \
	"SELECT c.listing_id, c.submitted_at, c.id FROM listing_change c JOIN listing p " \
	"ON p.id = c.listing_id AND p.state = 'published' "                               \
	"WHERE c.state = 'pending' AND " condition " AND " CHANGE_SHOWN " "               \
	"AND (c.submitted_at, c.listing_id) " AFTER " ORDER BY c.submitted_at, c.listing_id " PAGE

/* What is published of the fields of the change c. */
#define PUBLISHED_JSON                                                                                                \
	"(SELECT jsonb_object_agg(f.key, CASE f.key WHEN 'properties' THEN (SELECT jsonb_object_agg(k, "              \
	"l.properties->k) FROM jsonb_object_keys(c.fields->'properties') k) ELSE " LISTING_WORDS_JSON "->f.key END) " \
	"FROM jsonb_each(c.fields) f)"

#define ROW_JSON                                                                                                       \
	"jsonb_build_object('id', l.id, 'company_id', l.company_id, 'type', l.type, 'title', l.title, "                \
	"'kind', CASE WHEN c.id IS NULL THEN 'listing' ELSE 'change' END, 'version', coalesce(c.version, l.version), " \
	"'submitted_at', api_time(w.at), 'changes', coalesce(c.fields, " LISTING_WORDS_JSON                            \
	"), 'published', " PUBLISHED_JSON ")::text"

#define QUEUE(listings, changes)                                                          \
	"SELECT " ROW_JSON ", w.at::text, w.id FROM (SELECT * FROM "                      \
	"((" listings ") UNION ALL (" changes ")) places ORDER BY at, id " PAGE ") w "    \
	"JOIN listing l ON l.id = w.id LEFT JOIN listing_change c ON c.id = w.change_id " \
	"ORDER BY w.at, w.id"

static const char QUEUE_OF_ALL[] = QUEUE(LISTINGS(OF_EVERYBODY), CHANGES(OF_EVERYBODY));
static const char QUEUE_OF_COMPANY[] = QUEUE(LISTINGS("l.company_id = $1::uuid"), CHANGES("c.company_id = $1::uuid"));

int listing_queue(struct rpc_call *call)
{
	const char *after[2], *company = rpc_param(call, "company_id"), *scope = company ? company : "";
	if (cursor_read(call, scope, 2, after))
		return -1;
	struct pg_result *rows = pg_read(call->ctx, call->db, company ? QUEUE_OF_COMPANY : QUEUE_OF_ALL, company,
					 after[0], after[1], rpc_param(call, "limit"));
	return rows ? rpc_reply_page(call, rows, scope, 2, NULL) : -1;
}

static int refuse_own(struct rpc_call *call)
{
	return context_fail(call->ctx, ERROR_FORBIDDEN, "own_company",
			    "moderators do not decide about listings of their own companies");
}

/* Before the transaction, since passport may be asked; a listing never goes to another company. */
static int check_company(struct rpc_call *call, const char *id)
{
	bool own = false;
	struct pg_result *company = pg_read(call->ctx, call->db, SELECT_COMPANY, id);
	if (!company)
		return -1;
	if (pg_count(company) == 0)
		return rpc_not_found(call, "listing");
	if (rpc_caller_has_role(call, ROLE_ADMIN))
		return 0;
	if (rpc_caller_is_member(call, pg_text(company, 0, 0), &own))
		return -1;
	return own ? refuse_own(call) : 0;
}

/* What waits of a listing, read with its row locked. */
struct waiting {
	const char *state;	  /* of the listing */
	bool listing, change;	  /* which of them waits, if any */
	int64_t version;	  /* what a decision must name; of the listing when nothing waits */
	const char *fields;	  /* of the change */
	const char *submitted_by; /* may be NULL, and so may who made it, which is an API key then */
	const char *submitter_created_by;
};

static int find_waiting(struct rpc_call *call, struct pg_tx *tx, const char *id, struct waiting *ret)
{
	struct pg_result *listing = pg_query(call->ctx, tx, LOCK_LISTING, id);
	struct pg_result *change = listing ? listing_change_waiting(call, tx, id) : NULL;
	if (!change)
		return -1;
	if (pg_count(listing) == 0)
		return rpc_not_found(call, "listing");
	*ret = (struct waiting){.state = pg_text(listing, 0, 0), .version = pg_integer(listing, 0, 1), .fields = "{}"};
	ret->listing = strcmp(ret->state, "submitted") == 0;
	ret->change = strcmp(ret->state, "published") == 0 && pg_count(change) > 0;
	if (ret->listing) {
		ret->submitted_by = pg_text(listing, 0, 2);
		ret->submitter_created_by = pg_text(listing, 0, 3);
	}
	if (ret->change) {
		ret->fields = pg_text(change, 0, 0);
		ret->version = pg_integer(change, 0, 1);
		ret->submitted_by = pg_text(change, 0, 2);
		ret->submitter_created_by = pg_text(change, 0, 3);
	}
	return 0;
}

static bool is_caller(const struct rpc_call *call, const char *id)
{
	const char *caller = rpc_caller_id(call);
	return caller && id && strcmp(caller, id) == 0;
}

static int check_waiting(struct rpc_call *call, const struct waiting *waiting)
{
	if (rpc_param_integer(call, "version", 0) != waiting->version)
		return rpc_stale(call, "listing");
	if (!waiting->listing && !waiting->change)
		return rpc_precondition(call, "state",
					arena_printf(&call->ctx->arena, "\"state\":\"%s\"", waiting->state),
					"the listing is %s, and nothing of it waits", waiting->state);
	bool own = is_caller(call, waiting->submitted_by) || is_caller(call, waiting->submitter_created_by);
	return own && !rpc_caller_has_role(call, ROLE_ADMIN) ? refuse_own(call) : 0;
}

/* Tells what happened: the decision, and the listing where others see something else from now on. */
static int publish(struct rpc_call *call, struct pg_tx *tx, const struct listing_decision *decision, bool change,
		   const char *decided, const char *listing)
{
	const char *id = decision->listing_id;
	const char *verdict =
	    change ? decision->approved ? "events.listing.change_approved" : "events.listing.change_rejected"
	    : decision->approved ? NULL
				 : "events.listing.rejected";
	if (verdict && rpc_publish(call, tx, verdict, id, decided))
		return -1;
	if (!decision->approved)
		return 0;
	return rpc_publish(call, tx, change ? "events.listing.updated" : "events.listing.published", id, listing);
}

static int decide(struct rpc_call *call, const struct listing_decision *decision)
{
	const char *id = decision->listing_id;
	struct waiting waiting = {0};
	if (check_company(call, id))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	if (find_waiting(call, tx, id, &waiting) || check_waiting(call, &waiting))
		return -1;
	const char *decided = listing_change_decide(call, tx, decision, waiting.listing);
	if (!decided)
		return -1;
	const char *state = waiting.change || decision->approved ? "published" : "rejected";
	struct pg_result *listing =
	    pg_query(call->ctx, tx, DECIDE_LISTING, id, state, decision->approved ? waiting.fields : "{}");
	if (!listing)
		return -1;
	if (decision->approved)
		projection_queue_listings(call->ctx, tx, arena_printf(&call->ctx->arena, "{%s}", id));
	if (publish(call, tx, decision, waiting.change, decided, pg_text(listing, 0, 1)))
		return -1;
	return rpc_commit_row(call, tx, listing, "listing");
}

int listing_approve(struct rpc_call *call)
{
	return decide(call, &(struct listing_decision){.listing_id = rpc_param(call, "id"), .approved = true});
}

int listing_reject(struct rpc_call *call)
{
	return decide(
	    call, &(struct listing_decision){.listing_id = rpc_param(call, "id"), .reason = rpc_param(call, "reason")});
}
