#include "accounts/letter_choice.h"

/* Of a user_account u. */
#define CHOICES                                                                 \
	"jsonb_build_object('requests', NOT 'requests' = ANY (u.letters_off), " \
	"'bookings', NOT 'bookings' = ANY (u.letters_off), "                    \
	"'reminders', NOT 'reminders' = ANY (u.letters_off))::text"

static const char SELECT_CHOICES[] = "SELECT " CHOICES " FROM user_account u WHERE u.id = $1";

/* $2: the kinds with true or false, as far as they were given. */
static const char SET_CHOICES[] =
    "UPDATE user_account u SET letters_off = ARRAY(SELECT kind FROM unnest(ARRAY['requests', 'bookings', 'reminders']) "
    "kind WHERE NOT coalesce(($2::jsonb->kind)::boolean, NOT kind = ANY (u.letters_off))) WHERE u.id = $1 "
    "RETURNING " CHOICES;

int letter_get_choices(struct rpc_call *call)
{
	struct pg_result *choices = pg_read(call->ctx, call->db, SELECT_CHOICES, rpc_caller_id(call));
	return choices ? rpc_reply_row(call, choices, "user") : -1;
}

int letter_set_choices(struct rpc_call *call)
{
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *choices =
	    pg_query(call->ctx, tx, SET_CHOICES, rpc_caller_id(call), rpc_param(call, "choices"));
	return choices ? rpc_commit_row(call, tx, choices, "user") : -1;
}
