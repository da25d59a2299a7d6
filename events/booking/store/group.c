#include "booking/store/group.h"

#include "base/fault.h"
#include "booking/store/due.h"
#include "booking/store/fields.h"
#include "booking/store/overlap.h"

#include <string.h>

static const char SELECT_MEMBERS[] = "SELECT id, listing_id FROM booking WHERE group_id = $1 ORDER BY id";

/* Locks the listings of the group and reads its bookings. */
static int read_group(struct rpc_call *call, struct pg_tx *tx, const char *group_id, struct group *ret)
{
	struct arena *arena = &call->ctx->arena;
	struct pg_result *members = pg_query(call->ctx, tx, SELECT_MEMBERS, group_id);
	if (!members)
		return -1;
	size_t count = pg_count(members);
	const char **listings = arena_alloc(arena, count * sizeof(*listings));
	*ret = (struct group){
	    .count = count,
	    .rows = arena_zalloc(arena, count * sizeof(*ret->rows)),
	    .terms = arena_zalloc(arena, count * sizeof(*ret->terms)),
	};
	for (size_t i = 0; i < count; i++)
		listings[i] = pg_text(members, i, 1);
	if (due_lock_many(call, tx, listings, count, ret->terms))
		return -1;
	for (size_t i = 0; i < count; i++)
		if (row_by_id(call, tx, &ret->terms[i], pg_text(members, i, 0), &ret->rows[i]))
			return -1;
	return 0;
}

static int find_own(struct rpc_call *call, struct group *group)
{
	const char *id = rpc_param(call, "id");
	while (group->own < group->count && strcmp(group->rows[group->own].id, id) != 0)
		group->own++;
	if (group->own == group->count)
		return rpc_not_found(call, "booking");
	int64_t version = group->rows[group->own].version;
	return rpc_param_integer(call, "version", version) == version ? 0 : rpc_stale(call, "booking");
}

struct pg_tx *group_begin(struct rpc_call *call, const struct booking_party *party, struct group *ret)
{
	struct pg_tx *tx = rpc_begin(call);
	if (!tx || read_group(call, tx, party->group_id, ret) || find_own(call, ret))
		return NULL;
	return tx;
}

/* What search has of all its listings, the answer, the commit. */
static int finish(struct rpc_call *call, struct pg_tx *tx, const struct group *group, const struct written_booking *own)
{
	for (size_t i = 0; i < group->count; i++)
		store_project(call, tx, &group->terms[i]);
	return rpc_commit_text(call, tx, written_for(call, own));
}

int group_step(struct rpc_call *call, struct pg_tx *tx, const struct group *group, const struct booking_update *update)
{
	struct written_booking written;
	if (store_step(call, tx, &group->terms[group->own], group->rows[group->own].id, update, &written))
		return -1;
	return finish(call, tx, group, &written);
}

/* Whether the owners of all others have agreed. */
static bool others_ready(const struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (i != group->own && !group->rows[i].ready && !FAULT("group.ready"))
			return false;
	return true;
}

/* Of all others too there is nothing left to answer: they have their units since they were made. */
static int confirm_all(struct rpc_call *call, struct pg_tx *tx, const struct group *group, const char *patch)
{
	static const char ends_waiting[] = "\"ready\":false,\"expires_at\":null";
	struct written_booking own = {0}, written;
	for (size_t i = 0; i < group->count; i++) {
		const struct terms *terms = &group->terms[i];
		struct booking_update update = {
		    .step = row_step(call, &group->rows[i], CAUSE_APPROVE),
		    .patch =
			i == group->own ? arena_printf(&call->ctx->arena, "%s,%s", patch, ends_waiting) : ends_waiting,
		};
		if (!update.step || store_step(call, tx, terms, group->rows[i].id, &update, &written) ||
		    overlap_answer(call, tx, terms, &group->rows[i].taken))
			return -1;
		if (i == group->own)
			own = written;
	}
	return finish(call, tx, group, &own);
}

int group_agree(struct rpc_call *call, struct pg_tx *tx, const struct group *group, const char *patch)
{
	if (others_ready(group))
		return confirm_all(call, tx, group, patch);
	struct booking_update update = {
	    .step = row_step(call, &group->rows[group->own], CAUSE_AGREE),
	    .patch = arena_printf(&call->ctx->arena, "%s,\"ready\":true", patch),
	};
	return update.step ? group_step(call, tx, group, &update) : -1;
}

/* All is given back. */
static const char *patch_of_end(struct rpc_call *call, const struct booking_row *row, const char *members)
{
	return arena_printf(&call->ctx->arena,
			    "\"takes_units\":false,\"ready\":false,\"cancellation_fee\":0,\"refund_due\":%lld%s%s",
			    (long long)row->paid, members[0] ? "," : "", members);
}

/* Those that are requested still. */
static int end_others(struct rpc_call *call, struct pg_tx *tx, const struct group *group, enum booking_cause cause,
		      const char *members)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct booking_row *row = &group->rows[i];
		struct booking_update update = {
		    .step = booking_step(BOOKING_REQUESTED, cause),
		    .patch = patch_of_end(call, row, members),
		    .released = true,
		};
		if (i == group->own || row->state != BOOKING_REQUESTED || FAULT("group.end"))
			continue;
		struct written_booking written;
		if (store_step(call, tx, &group->terms[i], row->id, &update, &written))
			return -1;
	}
	return 0;
}

int group_end(struct rpc_call *call, struct pg_tx *tx, const struct group *group, const struct booking_update *update,
	      enum booking_cause others, const char *members)
{
	struct written_booking written;
	if (store_step(call, tx, &group->terms[group->own], group->rows[group->own].id, update, &written) ||
	    end_others(call, tx, group, others, members))
		return -1;
	return finish(call, tx, group, &written);
}
