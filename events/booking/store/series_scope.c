#include "booking/store/series_scope.h"

#include "base/buffer.h"

#include <string.h>

#define LIST_MAX ((size_t)256 * 1024)

static const char SELECT_OTHERS[] =
    "SELECT b.id FROM booking b WHERE b.series_id = $1 AND b.id <> $2 AND ($3::date IS NULL OR b.occurrence > $3::date) "
    "AND b.state IN ('requested', 'confirmed') ORDER BY b.occurrence";

bool series_has_scope(struct rpc_call *call)
{
	const char *scope = rpc_param(call, "occurrences");
	return scope && strcmp(scope, "this") != 0;
}

int series_check_scope(struct rpc_call *call, const struct booking_row *row)
{
	if (!series_has_scope(call) || row->series_id)
		return 0;
	return rpc_precondition(call, "series", NULL, "the booking is not one of a series");
}

struct pg_result *series_others(struct rpc_call *call, struct pg_tx *tx, const struct booking_row *row)
{
	const char *after = strcmp(rpc_param(call, "occurrences"), "following") == 0 ? row->occurrence : NULL;
	return tx ? pg_query(call->ctx, tx, SELECT_OTHERS, row->series_id, row->id, after)
		  : pg_read(call->ctx, call->db, SELECT_OTHERS, row->series_id, row->id, after);
}

void series_list_begin(struct rpc_call *call, struct buffer *list)
{
	buffer_init_arena(list, &call->ctx->arena, LIST_MAX);
	buffer_append_char(list, '[');
}

void series_list_add(struct buffer *list, const struct booking_row *row, const struct refund *refund)
{
	buffer_printf(list, "%s{\"id\":\"%s\",\"occurrence\":\"%s\",\"cancellation_fee\":%lld,\"refund_due\":%lld}",
		      list->length > 1 ? "," : "", row->id, row->occurrence, (long long)refund->fee,
		      (long long)refund->due);
}

const char *series_list_end(struct buffer *list)
{
	buffer_append_char(list, ']');
	return buffer_text(list);
}
