#include "catalogue/listing.h"

#include "base/buffer.h"
#include "base/ids.h"
#include "catalogue/catalogue.h"
#include "catalogue/draft_limit.h"
#include "catalogue/listing_change.h"
#include "catalogue/listing_check.h"
#include "catalogue/listing_json.h"
#include "catalogue/listing_words.h"
#include "client/client.h"
#include "events.h"
#include "on_offer.h"
#include "pricing/listing_pricing.h"
#include "projection/projection.h"
#include "rpc/cursor.h"
#include "rpc/page.h"
#include "version.h"
#include "json/tree.h"

#include <string.h>

#define MAX_DEPTH 16

/* The listing l as its company sees it, and as everybody does. */
#define LISTING_OWN_JSON "(" LISTING_JSON " || " LISTING_NOTES_JSON ")"
#define RETURNING_BOTH "RETURNING " LISTING_OWN_JSON "::text, " LISTING_JSON "::text"

static const char INSERT_LISTING[] =
    "INSERT INTO listing AS l (id, company_id, type, title, description, address, lat, lon, "
    "time_zone, capacity, units, "
    "price_amount, price_currency, price_unit, properties, images) "
    "SELECT $1, p.company_id, p.type, p.title, coalesce(p.description, ''), coalesce(p.address, ''), "
    "(p.location->>'lat')::float8, (p.location->>'lon')::float8, coalesce(p.time_zone, 'UTC'), "
    "coalesce(p.capacity, 0), "
    "coalesce(p.units, 1), (p.price->>'amount')::bigint, p.price->>'currency', coalesce(p.price_unit, t.unit), "
    "coalesce(p.properties, '{}'), ARRAY(SELECT jsonb_array_elements_text(p.images)::uuid) "
    "FROM jsonb_to_record($2::jsonb) AS p(company_id uuid, type text, title text, description text, address text, "
    "location jsonb, time_zone text, capacity integer, units integer, price jsonb, price_unit text, properties jsonb, "
    "images jsonb) JOIN listing_type t ON t.key = p.type RETURNING " LISTING_JSON "::text";

static const char UPDATE_LISTING[] =
    "UPDATE listing l SET title = coalesce(p.title, l.title), description = coalesce(p.description, l.description), "
    "address = coalesce(p.address, l.address), "
    "lat = CASE WHEN $1::jsonb ? 'location' THEN (p.location->>'lat')::float8 ELSE l.lat END, "
    "lon = CASE WHEN $1::jsonb ? 'location' THEN (p.location->>'lon')::float8 ELSE l.lon END, "
    "time_zone = coalesce(p.time_zone, l.time_zone), capacity = coalesce(p.capacity, l.capacity), "
    "units = coalesce(p.units, l.units), "
    "price_amount = CASE WHEN $1::jsonb ? 'price' THEN (p.price->>'amount')::bigint ELSE l.price_amount END, "
    "price_currency = CASE WHEN $1::jsonb ? 'price' THEN p.price->>'currency' ELSE l.price_currency END, "
    "price_unit = coalesce(p.price_unit, l.price_unit), properties = coalesce(p.properties, l.properties), "
    "images = CASE WHEN p.images IS NULL THEN l.images "
    "ELSE ARRAY(SELECT jsonb_array_elements_text(p.images)::uuid) END, "
    "submitted_by = CASE WHEN l.state = 'submitted' THEN $2::uuid ELSE l.submitted_by END, "
    "submitter_created_by = CASE WHEN l.state = 'submitted' THEN $3::uuid ELSE l.submitter_created_by END, "
    "noted = " LISTING_IS_NOTED ", version = l.version + 1, updated_at = now() "
    "FROM jsonb_to_record($1::jsonb) AS p(id uuid, version integer, title text, description text, address text, "
    "location jsonb, time_zone text, capacity integer, units integer, price jsonb, price_unit text, properties jsonb, "
    "images jsonb) WHERE l.id = p.id AND l.version = p.version " RETURNING_BOTH;

static const char SUBMIT_LISTING[] =
    "UPDATE listing l SET state = 'submitted', version = l.version + 1, updated_at = now(), submitted_at = now(), "
    "submitted_by = $3, submitter_created_by = $4 WHERE l.id = $1 AND l.version = $2::integer " RETURNING_BOTH;

static const char LISTING_EXISTS[] = "SELECT 1 FROM listing WHERE id = $1";

static const char LOCK_LISTING[] =
    "SELECT state, version, company_id, jsonb_build_object('title', title, 'description', description, 'address', "
    "address, 'properties', properties)::text, includes <> '{}' FROM listing WHERE id = $1 FOR UPDATE";

/* Who books the whole that it is a part of has all its units. */
static const char SHARE_UNITS[] = "SELECT booking_share_units($1)";

static const char UNITS_IN_USE[] =
    "SELECT 1 FROM booking_unit u WHERE u.listing_id = $1 AND upper(u.period) > now() "
    "AND u.unit > $2::integer + (SELECT coalesce((listing_rules(t.rules, l.rules, l.space_id, l.includes)->>'overbooking')::integer, 0) FROM listing l "
    "JOIN listing_type t ON t.key = l.type WHERE l.id = $1) "
    "AND EXISTS (SELECT FROM booking b WHERE b.id = u.booking_id AND b.listing_id = u.listing_id) LIMIT 1";

static const char SELECT_OWNER[] = "SELECT l.company_id, " LISTING_ON_OFFER ", l.type FROM listing l WHERE l.id = $1";

static const char SELECT_LISTING[] =
    "SELECT " LISTING_JSON "::text, " LISTING_ON_OFFER ", l.company_id, l.noted FROM listing l WHERE l.id = $1";

static const char SELECT_OWN[] = "SELECT " LISTING_OWN_JSON "::text FROM listing l WHERE l.id = $1";

static const char SELECT_MINE[] = "SELECT " LISTING_OWN_JSON "::text, l.created_at::text, l.id FROM listing l "
				  "WHERE l.company_id = ANY ($1::uuid[]) AND ($2::text IS NULL OR l.state = $2) "
				  "AND ($3::timestamptz IS NULL OR (l.created_at, l.id) < ($3::timestamptz, $4::uuid)) "
				  "ORDER BY l.created_at DESC, l.id DESC " PAGE_LIMIT("$5");

static void put(void *argument)
{
	json_object_put(argument);
}

static const char *id_array(struct rpc_call *call, const char *id)
{
	return arena_printf(&call->ctx->arena, "{%s}", id);
}

int listing_create(struct rpc_call *call)
{
	if (listing_check(call, rpc_param(call, "type")))
		return -1;
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	if (draft_limit_check(call, tx, rpc_param(call, "company_id")))
		return -1;
	struct pg_result *listing = pg_query(call->ctx, tx, INSERT_LISTING, id, rpc_params_text(call));
	if (!listing || rpc_publish(call, tx, "events.listing.created", id, pg_text(listing, 0, 0)))
		return -1;
	return rpc_commit_row(call, tx, listing, "listing");
}

/* Whether the caller is of the company or a moderator (or a daemon): 1 or 0; -1 when it is not known. */
static int is_insider(struct rpc_call *call, const char *company_id)
{
	if (rpc_caller_has_role(call, ROLE_MODERATOR))
		return 1;
	if (call->caller->kind == IDENTITY_ANONYMOUS)
		return 0;
	return rpc_has_right(call, company_id, RIGHT_STAFF);
}

int listing_get(struct rpc_call *call)
{
	const char *id = rpc_param(call, "id");
	struct pg_result *listing = pg_read(call->ctx, call->db, SELECT_LISTING, id);
	if (!listing)
		return -1;
	if (pg_count(listing) == 0)
		return rpc_not_found(call, "listing");
	bool on_offer = pg_boolean(listing, 0, 1), noted = pg_boolean(listing, 0, 3);
	if (on_offer && !noted)
		return rpc_reply_row(call, listing, "listing");
	int insider = is_insider(call, pg_text(listing, 0, 2));
	if (insider < 0 && !on_offer)
		return -1;
	/* Public data can be read while passport is down. */
	error_clear(&call->ctx->error);
	if (insider <= 0 && !on_offer)
		return rpc_not_found(call, "listing");
	if (insider > 0 && noted && call->caller->kind != IDENTITY_SERVICE)
		listing = pg_read(call->ctx, call->db, SELECT_OWN, id);
	return listing ? rpc_reply_row(call, listing, "listing") : -1;
}

/* The caller may change the listing: 0 and its type. A listing that strangers may not see does not exist for them. */
static int require_own(struct rpc_call *call, const char *id, const char **ret_type)
{
	struct pg_result *owner = pg_read(call->ctx, call->db, SELECT_OWNER, id);
	if (!owner)
		return -1;
	if (pg_count(owner) == 0)
		return rpc_not_found(call, "listing");
	if (rpc_require_right(call, pg_text(owner, 0, 0), RIGHT_STAFF))
		return pg_boolean(owner, 0, 1) ? -1 : rpc_hide(call, "listing");
	*ret_type = pg_text(owner, 0, 2);
	return 0;
}

/* The listing's row is locked, so that no booking comes in between. */
static int check_units(struct rpc_call *call, struct pg_tx *tx, const char *id, const struct pg_result *locked)
{
	const char *units = rpc_param(call, "units");
	if (!units)
		return 0;
	if (pg_boolean(locked, 0, 4) && strcmp(units, "1") != 0)
		return rpc_precondition(call, "one_unit", NULL, "a listing that includes others has one unit");
	struct pg_result *in_use = pg_query(call->ctx, tx, UNITS_IN_USE, id, units);
	if (!in_use)
		return -1;
	if (pg_count(in_use) > 0)
		return rpc_precondition(call, "units_in_use", NULL, "bookings to come use more units than that");
	return 0;
}

static struct json_object *parse(struct rpc_call *call, const char *text)
{
	struct json_object *tree = NULL;
	struct json_error error;
	if (!json_tree_parse(text, strlen(text), MAX_DEPTH, 0, &call->ctx->arena, &tree, &error)) {
		(void)context_fail_internal(call->ctx, "what the database keeps of a listing is no JSON");
		return NULL;
	}
	context_defer(call->ctx, put, tree);
	return tree;
}

static bool is_words(const void *catalogue, const char *key)
{
	const struct property *property = catalogue_property(catalogue, key);
	return property && property->kind == PROPERTY_TEXT;
}

/* Splits the update of a published listing and puts its words beside the listing, or takes back those that waited when
 * none is left. *ret_now: the parameters without them. */
static int keep_words(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *locked, const char **ret_now)
{
	const char *id = rpc_param(call, "id");
	struct pg_result *waiting = listing_change_waiting(call, tx, id);
	struct json_object *published = waiting ? parse(call, pg_text(locked, 0, 3)) : NULL;
	if (!published)
		return -1;
	struct listing_words_update update = {
	    .published = published,
	    .waiting = pg_count(waiting) > 0 ? parse(call, pg_text(waiting, 0, 0)) : NULL,
	    .params = call->params,
	    .is_words = is_words,
	    .argument = call_catalogue(call),
	};
	if (pg_count(waiting) > 0 && !update.waiting)
		return -1;
	struct listing_words_split split = listing_words_split(call->ctx, &update);
	*ret_now = split.now;
	if (!split.changed)
		return 0;
	if (!split.waits)
		return listing_change_withdraw(call, tx, id);
	if (!update.waiting && listing_change_check_room(call, tx, pg_text(locked, 0, 2)))
		return -1;
	return listing_change_put(call, tx, id, split.fields);
}

/* Ends a change of a listing (updated: its row as company and strangers see it): refuses a stale one, tells search and
 * other daemons, commits, answers. */
static int finish_change(struct rpc_call *call, struct pg_tx *tx, const char *id, const struct pg_result *updated,
			 const char *topic)
{
	if (version_check(call, tx, updated, LISTING_EXISTS, id, "listing"))
		return -1;
	projection_queue_listings(call->ctx, tx, id_array(call, id));
	if (rpc_publish(call, tx, topic, id, pg_text(updated, 0, 1)))
		return -1;
	return rpc_commit_row(call, tx, updated, "listing");
}

int listing_update(struct rpc_call *call)
{
	const char *id = rpc_param(call, "id"), *type = NULL, *params = rpc_params_text(call);
	if (require_own(call, id, &type) || listing_check(call, type))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *locked = pg_query(call->ctx, tx, LOCK_LISTING, id);
	if (!locked || (pg_count(locked) > 0 && check_units(call, tx, id, locked)) ||
	    listing_check_currency(call, tx, id))
		return -1;
	bool current = pg_count(locked) > 0 && pg_integer(locked, 0, 1) == rpc_param_integer(call, "version", 0);
	bool published = current && strcmp(pg_text(locked, 0, 0), "published") == 0;
	if (published && keep_words(call, tx, locked, &params))
		return -1;
	struct pg_result *listing =
	    pg_query(call->ctx, tx, UPDATE_LISTING, params, call->caller->id, rpc_caller_created_by(call));
	if (listing && rpc_param(call, "units"))
		pg_queue(call->ctx, tx, SHARE_UNITS, id);
	return finish_change(call, tx, id, listing, "events.listing.updated");
}

/* Locks the listing and demands that it can be handed in, and that the company has room for one more that waits. */
static int check_submit(struct rpc_call *call, struct pg_tx *tx, const char *id)
{
	struct pg_result *row = pg_query(call->ctx, tx, LOCK_LISTING, id);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_not_found(call, "listing");
	const char *state = pg_text(row, 0, 0);
	if (strcmp(state, "draft") != 0 && strcmp(state, "rejected") != 0)
		return rpc_precondition(call, "state", arena_printf(&call->ctx->arena, "\"state\":\"%s\"", state),
					"the listing is %s", state);
	return listing_change_check_room(call, tx, pg_text(row, 0, 2));
}

int listing_submit(struct rpc_call *call)
{
	const char *type = NULL, *id = rpc_param(call, "id");
	if (require_own(call, id, &type))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	if (check_submit(call, tx, id))
		return -1;
	struct pg_result *listing = pg_query(call->ctx, tx, SUBMIT_LISTING, id, rpc_param(call, "version"),
					     call->caller->id, rpc_caller_created_by(call));
	return finish_change(call, tx, id, listing, "events.listing.submitted");
}

static void append_id(struct buffer *ids, const char *id)
{
	buffer_printf(ids, "%s%s", ids->length > 1 ? "," : "", id);
}

/* The caller's companies as an array text: what passport says now, or what the token says when passport cannot be
 * asked. */
static const char *own_companies(struct rpc_call *call)
{
	struct json_object *companies = NULL;
	struct rpc_request request = {
	    .method = "passport.user.me",
	    .params = "{}",
	    .token = call->token,
	    .as = RPC_AS_CALLER,
	    .idempotent = true,
	};
	struct json_object *me = rpc_invoke(call->ctx, call->client, &request);
	error_clear(&call->ctx->error);
	struct buffer ids;
	buffer_init_arena(&ids, &call->ctx->arena, 64 * 1024);
	buffer_append_char(&ids, '{');
	if (me && json_object_object_get_ex(me, "companies", &companies)) {
		for (size_t i = 0; i < json_object_array_length(companies); i++)
			append_id(&ids, json_object_get_string(
					    json_object_object_get(json_object_array_get_idx(companies, i), "id")));
	} else {
		for (size_t i = 0; i < call->caller->company_count; i++)
			append_id(&ids, call->caller->companies[i].id);
	}
	buffer_append_char(&ids, '}');
	return buffer_text(&ids);
}

/* The companies whose listings are asked for, as an array text. NULL with forbidden. */
static const char *asked_companies(struct rpc_call *call)
{
	const char *company = rpc_param(call, "company_id");
	if (!company && call->caller->kind == IDENTITY_CLIENT)
		return id_array(call, call->caller->companies[0].id); /* it has no other */
	if (!company)
		return own_companies(call);
	return rpc_require_right(call, company, RIGHT_STAFF) ? NULL : id_array(call, company);
}

int listing_mine(struct rpc_call *call)
{
	const char *companies = asked_companies(call), *state = rpc_param(call, "state");
	if (!companies)
		return -1;
	const char *scope = arena_printf(&call->ctx->arena, "%s %s", companies, state ? state : "");
	const char *after[2];
	if (cursor_read(call, scope, 2, after))
		return -1;
	struct pg_result *rows =
	    pg_read(call->ctx, call->db, SELECT_MINE, companies, state, after[0], after[1], rpc_param(call, "limit"));
	return rows ? rpc_reply_page(call, rows, scope, 2, NULL) : -1;
}
