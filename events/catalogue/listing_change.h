/*
 * Changes of the words of published listings (listing_words.h), stored apart from the listing until a moderator has
 * decided, and the decisions: the table listing_change.
 *
 * Invariants: at most one change of a listing waits. Its version is the version that the listing got when the change
 * was stored, so no two of a listing have the same, and a moderator cannot decide about another change than was read. A
 * decided row never changes; of each listing the last LISTING_CHANGE_KEPT are kept. A withdrawn change leaves no row.
 * When a listing is no longer published, its waiting change ends; only those of published listings are in the queue.
 * submitted_by (a user, or an API key that submitter_created_by made) and decided_by are ids and nothing else; those of
 * an erased user lead to nobody. Use: always lock the listing's row first, since a change goes with its version.
 */
#ifndef EVENTLOOP_EVENTS_LISTING_CHANGE_H
#define EVENTLOOP_EVENTS_LISTING_CHANGE_H

#include "daemon/data_check.h"
#include "rpc/call.h"

#define LISTING_CHANGE_KEPT "100"

/* SQL, jsonb: what the listing l's company and moderators see beside what everybody sees: `pending`, the change that
 * waits, and `rejection`, the last decision when it was one. {} when there is neither. */
#define LISTING_PENDING_JSON                                                                       \
	"coalesce((SELECT jsonb_build_object('pending', jsonb_build_object('version', c.version, " \
	"'changes', c.fields, 'submitted_at', api_time(c.submitted_at))) FROM listing_change c "   \
	"WHERE c.listing_id = l.id AND c.state = 'pending'), '{}')"
#define LISTING_REJECTION_JSON                                                                \
	"coalesce((SELECT CASE d.state WHEN 'rejected' THEN jsonb_build_object('rejection', " \
	"jsonb_build_object('kind', d.kind, 'changes', d.fields, 'reason', d.reason, "        \
	"'decided_at', api_time(d.decided_at))) END FROM (SELECT * FROM listing_change c "    \
	"WHERE c.listing_id = l.id AND c.state <> 'pending' "                                 \
	"ORDER BY c.decided_at DESC NULLS FIRST, c.id DESC LIMIT 1) d), '{}')"
#define LISTING_NOTES_JSON "CASE WHEN l.noted THEN " LISTING_PENDING_JSON " || " LISTING_REJECTION_JSON " ELSE '{}' END"

/* SQL, boolean: whether there is one of these. Stored in listing.noted whenever they change, so that readers need not
 * look. */
#define LISTING_IS_NOTED                                                                          \
	"coalesce((SELECT c.state <> 'approved' FROM listing_change c WHERE c.listing_id = l.id " \
	"ORDER BY c.decided_at DESC NULLS FIRST, c.id DESC LIMIT 1), false)"

/* SQL, jsonb: the words of the listing l. */
#define LISTING_WORDS_JSON                                                                          \
	"jsonb_build_object('title', l.title, 'description', l.description, 'address', l.address, " \
	"'properties', (SELECT coalesce(jsonb_object_agg(v.key, v.value), '{}') FROM "              \
	"jsonb_each(l.properties) v JOIN property p ON p.key = v.key AND p.kind = 'text'))"

/* A decision about a listing that was handed in, or about a change. */
struct listing_decision {
	const char *listing_id;
	bool approved;
	const char *reason; /* NULL: none */
};

/* The change that waits beside the listing: a row of its fields, version, submitted_by and
 * submitter_created_by; no row when there is none.
 * NULL with an error. */
struct pg_result *listing_change_waiting(struct rpc_call *call, struct pg_tx *tx,
					 const char *listing_id) MAY_SUSPEND MUST_CHECK;

/* Stores a change of the listing, in place of the one that waits. fields: JSON text. The listing's version must move on
 * by one in the same transaction. -1 with an error. */
int listing_change_put(struct rpc_call *call, struct pg_tx *tx, const char *listing_id,
		       const char *fields) MAY_SUSPEND MUST_CHECK;

/* Takes back the change that waits. -1 with an error. */
int listing_change_withdraw(struct rpc_call *call, struct pg_tx *tx, const char *listing_id) MAY_SUSPEND MUST_CHECK;

/* Checks that one more of the company's may wait for moderators. -1 with precondition_failed, rule too_many. */
int listing_change_check_room(struct rpc_call *call, struct pg_tx *tx, const char *company_id) MAY_SUSPEND MUST_CHECK;

/* Notes the decision about the change that waits, or (about_listing) about the listing itself, as it is now. Returns
 * the row as JSON, for a fact; NULL with an error. */
const char *listing_change_decide(struct rpc_call *call, struct pg_tx *tx, const struct listing_decision *decision,
				  bool about_listing) MAY_SUSPEND MUST_CHECK;

/* Companies with more waiting than the present limit. */
extern const struct data_check listing_change_check;

#endif
