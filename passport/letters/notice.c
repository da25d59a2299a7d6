#include "letters/notice.h"

#include "device.h"
#include "letters/mail.h"

static const char SELECT_NOTICE[] =
    "SELECT email, locale, (jsonb_build_object('at', api_time(now()), 'address', $2::text, 'device', $3::text) || "
    "coalesce($4::jsonb, '{}'))::text FROM user_account WHERE id = $1 AND state <> 'erased'";

int notice_queue(struct rpc_call *call, struct pg_tx *tx, const char *template_name, const char *user_id,
		 const char *details)
{
	struct pg_result *user = pg_query(call->ctx, tx, SELECT_NOTICE, user_id, call->peer,
					  device_name(&call->ctx->arena, call->user_agent), details);
	if (!user)
		return -1;
	if (pg_count(user) == 0)
		return 0;
	mail_queue(call, tx,
		   &(struct mail){.template_name = template_name,
				  .recipient = pg_text(user, 0, 0),
				  .locale = pg_text(user, 0, 1),
				  .data = pg_text(user, 0, 2)});
	return 0;
}
