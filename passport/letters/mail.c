#include "letters/mail.h"

#include "base/ids.h"
#include "letters/mail_worker.h"

static const char INSERT_MAIL[] = "INSERT INTO mail (id, template, recipient, locale, data) VALUES ($1, $2, $3, "
				  "coalesce($4, 'en'), coalesce($5::jsonb, '{}'))";

static void wake(struct rpc_call *call, void *unused)
{
	(void)call, (void)unused;
	mail_worker_wake();
}

void mail_queue(struct rpc_call *call, struct pg_tx *tx, const struct mail *mail)
{
	char id[UUID_SIZE];
	uuid_make(id);
	pg_queue(call->ctx, tx, INSERT_MAIL, id, mail->template_name, mail->recipient, mail->locale, mail->data);
	rpc_after_commit(call, wake, NULL);
}
