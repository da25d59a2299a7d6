#include "mail_send.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/fatal.h"
#include "mail_folder.h"
#include "mail_message.h"
#include "mail_store.h"

#include <stdlib.h>
#include <string.h>

struct mail_sender {
	const char *folder;  /* "" for none */
	struct context kept; /* of the texts below */
	struct mail_address from;
};

struct mail_sender *mail_sender_new(struct context *ctx, const struct config *config)
{
	struct mail_sender *sender = must_calloc(1, sizeof(*sender));
	context_init(&sender->kept, DEADLINE_NEVER);
	sender->folder = config_text(config, "mail_dir");
	if (mail_address_parse(&sender->kept, config_text(config, "mail_from"), &sender->from))
		return sender;
	(void)context_fail_internal(ctx, "mail_from is no address: %s", config_text(config, "mail_from"));
	mail_sender_free(sender);
	return NULL;
}

void mail_sender_free(struct mail_sender *sender)
{
	if (!sender)
		return;
	context_done(&sender->kept);
	free(sender);
}

bool mail_sender_usable(const struct mail_sender *sender)
{
	return sender->folder[0] != '\0';
}

int mail_send(struct context *ctx, struct mail_sender *sender, const struct mail_row *row,
	      const struct mail_letter *letter)
{
	struct mail_content content;
	size_t length;
	if (mail_letter_write(ctx, letter, &content))
		return -1;
	const struct mail_message message = {
	    .from = sender->from,
	    .to = {letter->name, row->recipient},
	    .subject = content.subject,
	    .text = content.text,
	    .html = content.html,
	    .language = letter->locale,
	    .template_name = letter->template_name,
	    .id = arena_printf(&ctx->arena, "%s.%lld", row->id, (long long)row->attempts),
	    .date = clock_wall(),
	};
	const char *bytes = mail_message_build(ctx, &message, &length);
	if (!bytes)
		return -1;
	return mail_folder_put(ctx, sender->folder, row->id, bytes, length);
}

bool mail_send_refused(const struct context *ctx)
{
	return ctx->error.code == ERROR_INVALID_PARAMS;
}
