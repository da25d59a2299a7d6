#include "accounts/email_change.h"

#include "audit/audit.h"
#include "base/text.h"
#include "device.h"
#include "letters/mail.h"
#include "letters/one_time_token.h"

static const char VOID_RESET[] = "DELETE FROM one_time_token WHERE purpose = 'password_reset' AND subject = $1";

static const char READ_TOKEN[] = "SELECT $1::jsonb->>'email', $1::jsonb->>'password_changed_at'";

static const char SWITCH_ADDRESS[] =
    "WITH old AS (SELECT id, email, locale FROM user_account WHERE id = $1 AND state = 'active' "
    "AND password_changed_at = $6::timestamptz FOR NO KEY UPDATE) "
    "UPDATE user_account u SET email = $2, email_folded = $3, version = u.version + 1, updated_at = now() FROM old "
    "WHERE u.id = old.id RETURNING old.email, old.locale, jsonb_build_object('user_id', old.id, 'address', $4::text, "
    "'device', $5::text)::text";

void email_change_request(struct rpc_call *call, struct pg_tx *tx, const char *email, const char *password_changed_at)
{
	const char *id = rpc_caller_id(call);
	mail_queue(call, tx,
		   &(struct mail){.template_name = "email_change",
				  .recipient = email,
				  .data = arena_printf(&call->ctx->arena,
						       "{\"user_id\":\"%s\",\"password_changed_at\":\"%s\"}", id,
						       password_changed_at)});
	audit_record(call, tx, &(struct audit_event){.action = "user.email_change_requested", .user_id = id});
}

int email_change_finish(struct rpc_call *call, struct pg_tx *tx, const struct one_time_token *token)
{
	struct context *ctx = call->ctx;
	pg_queue(ctx, tx, VOID_RESET, token->subject);
	struct pg_result *asked = pg_query(ctx, tx, READ_TOKEN, token->data);
	if (!asked)
		return -1;
	const char *email = pg_text(asked, 0, 0);
	struct pg_result *old = pg_query(ctx, tx, SWITCH_ADDRESS, token->subject, email, text_fold(&ctx->arena, email),
					 call->peer, device_name(&ctx->arena, call->user_agent), pg_text(asked, 0, 1));
	if (!old && pg_violated(ctx, "user_account_email_folded_key")) {
		error_clear(&ctx->error);
		return rpc_conflict(call, "email_taken", "this address has got an account of its own");
	}
	if (!old)
		return -1;
	if (pg_count(old) == 0)
		return one_time_token_refuse(call);
	mail_queue(call, tx,
		   &(struct mail){.template_name = "email_changed",
				  .recipient = pg_text(old, 0, 0),
				  .locale = pg_text(old, 0, 1),
				  .data = pg_text(old, 0, 2)});
	audit_record(call, tx, &(struct audit_event){.action = "user.email_changed", .user_id = token->subject});
	return 0;
}
