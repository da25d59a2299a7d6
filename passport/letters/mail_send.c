#include "letters/mail_send.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "config/config.h"
#include "letters/mail_folder.h"
#include "letters/mail_message.h"
#include "letters/mail_store.h"
#include "smtp/client.h"

#include <stdlib.h>
#include <string.h>

struct mail_sender {
	struct smtp_client *server; /* NULL: the folder is used */
	const char *folder;	    /* "" for none */
	struct context kept;	    /* of the texts below */
	struct mail_address from;
};

static enum smtp_tls tls_of(const char *word)
{
	if (strcmp(word, "none") == 0)
		return SMTP_TLS_NONE;
	return strcmp(word, "optional") == 0 ? SMTP_TLS_OPTIONAL : SMTP_TLS_REQUIRED;
}

/* What the client says of its options, in words of the settings. */
static int name_settings(struct context *ctx)
{
	const char *cause = arena_strdup(&ctx->arena, ctx->error.cause);
	error_clear(&ctx->error);
	return context_fail_internal(ctx, "mail_url, mail_tls, mail_user, mail_ca_file: %s", cause);
}

static int connect_server(struct context *ctx, struct mail_sender *sender, const struct config *config, size_t at_once)
{
	const struct smtp_options options = {
	    .url = config_text(config, "mail_url"),
	    .user = config_text(config, "mail_user"),
	    .password = config_text(config, "mail_password"),
	    .ca_file = config_text(config, "mail_ca_file"),
	    .tls = tls_of(config_text(config, "mail_tls")),
	    .at_once = at_once,
	};
	if (options.url[0] == '\0')
		return 0;
	sender->server = smtp_client_new(ctx, &options);
	return sender->server ? 0 : name_settings(ctx);
}

static int read_sender(struct context *ctx, struct mail_sender *sender, const char *from)
{
	if (mail_address_parse(&sender->kept, from, &sender->from))
		return 0;
	return context_fail_internal(ctx, "mail_from is no address: %s", from);
}

struct mail_sender *mail_sender_new(struct context *ctx, const struct config *config, size_t at_once)
{
	struct mail_sender *sender = must_calloc(1, sizeof(*sender));
	context_init(&sender->kept, DEADLINE_NEVER);
	sender->folder = config_text(config, "mail_dir");
	if (read_sender(ctx, sender, config_text(config, "mail_from")) == 0 &&
	    connect_server(ctx, sender, config, at_once) == 0)
		return sender;
	mail_sender_free(sender);
	return NULL;
}

void mail_sender_free(struct mail_sender *sender)
{
	if (!sender)
		return;
	smtp_client_free(sender->server);
	context_done(&sender->kept);
	free(sender);
}

bool mail_sender_usable(const struct mail_sender *sender)
{
	return sender->server || sender->folder[0] != '\0';
}

static const char *build(struct context *ctx, const struct mail_sender *sender, const struct mail_row *row,
			 const struct mail_letter *letter, size_t *ret_length)
{
	struct mail_content content;
	if (mail_letter_write(ctx, letter, &content))
		return NULL;
	const struct mail_message message = {
	    .from = sender->from,
	    .to = {letter->name, letter->recipient},
	    .subject = content.subject,
	    .text = content.text,
	    .html = content.html,
	    .language = letter->locale,
	    .template_name = letter->template_name,
	    .id = arena_printf(&ctx->arena, "%s.%lld", row->id, (long long)row->attempts),
	    .date = clock_wall(),
	};
	return mail_message_build(ctx, &message, ret_length);
}

int mail_send(struct context *ctx, struct mail_sender *sender, const struct mail_row *row,
	      const struct mail_letter *letter)
{
	size_t length;
	const char *bytes = build(ctx, sender, row, letter, &length);
	if (!bytes)
		return -1;
	if (!sender->server)
		return mail_folder_put(ctx, sender->folder, row->id, bytes, length);
	const struct smtp_message message = {sender->from.address, letter->recipient, bytes, length};
	return smtp_send(ctx, sender->server, &message);
}

bool mail_send_refused(const struct context *ctx)
{
	return ctx->error.code == ERROR_INVALID_PARAMS ||
	       (ctx->error.code == ERROR_PRECONDITION_FAILED && strcmp(ctx->error.reason, "refused") == 0);
}
