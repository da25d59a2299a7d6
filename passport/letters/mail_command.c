#include "letters/mail_command.h"

#include "base/ids.h"
#include "letters/mail_store.h"
#include "telemetry/log.h"

#include <stdio.h>
#include <string.h>

static int fail(const struct context *ctx)
{
	log_error_of(LOG_ERROR, ctx, "the queue of letters cannot be reached");
	return 1;
}

static int list(struct daemon_worker *worker, struct context *ctx)
{
	struct pg_result *letters = mail_store_list(ctx, worker->db);
	if (!letters)
		return fail(ctx);
	for (size_t i = 0; i < pg_count(letters); i++)
		printf("%s\n", pg_text(letters, i, 0));
	return 0;
}

static int retry(struct daemon_worker *worker, struct context *ctx, const char *id)
{
	int64_t count = mail_store_retry(ctx, worker->db, id);
	if (count < 0)
		return fail(ctx);
	log_event(LOG_INFO, NULL, "letters will be tried again", LOG_NUMBER("count", count));
	return id && count == 0 ? 1 : 0;
}

int mail_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	if (argc == 1 && strcmp(argv[0], "list") == 0)
		return list(worker, ctx);
	if ((argc == 1 || (argc == 2 && uuid_valid(argv[1]))) && strcmp(argv[0], "retry") == 0)
		return retry(worker, ctx, argc == 2 ? argv[1] : NULL);
	log_event(LOG_ERROR, NULL, "usage: mail list | mail retry [ID]");
	return 2;
}
