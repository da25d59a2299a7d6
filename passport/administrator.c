#include "administrator.h"

#include "base/ids.h"
#include "base/text.h"
#include "password.h"
#include "password_rules.h"

#include <stdio.h>
#include <string.h>

#define MIN_PASSWORD 8
#define MAX_PASSWORD 128

static const char UPSERT_ADMINISTRATOR[] =
    "INSERT INTO user_account (id, email, email_folded, password_hash, name, roles) "
    "VALUES ($1, $2, $3, $4, $5, '{user,admin}') ON CONFLICT (email_folded) DO UPDATE SET "
    "password_hash = excluded.password_hash, password_changed_at = now(), version = user_account.version + 1, "
    "updated_at = now(), "
    "roles = ARRAY(SELECT DISTINCT unnest(user_account.roles || '{admin}'::text[]))";

struct arguments {
	const char *email, *password_file, *name;
};

static int parse(int argc, char *const *argv, struct arguments *ret)
{
	*ret = (struct arguments){.name = "Administrator"};
	if (argc < 1 || strcmp(argv[0], "create") != 0)
		return -1;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--email") == 0)
			ret->email = argv[i + 1];
		else if (strcmp(argv[i], "--password-file") == 0)
			ret->password_file = argv[i + 1];
		else if (strcmp(argv[i], "--name") == 0)
			ret->name = argv[i + 1];
		else
			return -1;
	}
	return ret->email && ret->password_file && strchr(ret->email, '@') ? 0 : -1;
}

/* The first line of the file, NULL when it cannot be read. */
static const char *read_password(struct context *ctx, const char *path)
{
	char line[4 * MAX_PASSWORD + 2];
	FILE *file = fopen(path, "re");
	if (!file)
		return NULL;
	const char *read = fgets(line, sizeof(line), file);
	(void)fclose(file);
	if (!read)
		return NULL;
	line[strcspn(line, "\r\n")] = '\0';
	return arena_strdup(&ctx->arena, line);
}

/* 0 when the password may be an administrator's, else -1 after saying why not. */
static int check_password(struct context *ctx, const struct arguments *arguments, const char *password)
{
	size_t length = password ? text_code_points(password, strlen(password)) : 0;
	if (length < MIN_PASSWORD || length > MAX_PASSWORD) {
		fprintf(stderr, "%s: no password of %d to %d characters there\n", arguments->password_file,
			MIN_PASSWORD, MAX_PASSWORD);
		return -1;
	}
	const char *rule = password_broken_rule(&ctx->arena, password, arguments->email, arguments->name);
	if (rule)
		fprintf(stderr, "%s: the password breaks the rule %s\n", arguments->password_file, rule);
	return rule ? -1 : 0;
}

int administrator_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	struct arguments arguments;
	char id[UUID_SIZE];
	if (parse(argc, argv, &arguments)) {
		fprintf(stderr, "usage: admin create --email E --password-file F [--name N]\n");
		return 2;
	}
	const char *password = read_password(ctx, arguments.password_file);
	if (check_password(ctx, &arguments, password))
		return 1;
	uuid_make(id);
	const char *phc = password_hash(ctx, password);
	if (!phc || !pg_write(ctx, worker->db, UPSERT_ADMINISTRATOR, id, arguments.email,
			      text_fold(&ctx->arena, arguments.email), phc, arguments.name)) {
		fprintf(stderr, "administrator not made: %s\n",
			ctx->error.cause[0] ? ctx->error.cause : ctx->error.message);
		return 1;
	}
	printf("administrator %s is ready\n", arguments.email);
	return 0;
}
