#include "accounts/administrator.h"

#include "audit/audit.h"
#include "base/ids.h"
#include "base/text.h"
#include "credentials/password.h"
#include "credentials/password_rules.h"
#include "sessions/revocation.h"
#include "sessions/session.h"
#include "telemetry/log.h"

#include <stdio.h>
#include <string.h>

#define MIN_PASSWORD 8
#define MAX_PASSWORD 128

static const char SELECT_ADMINISTRATOR[] =
    "SELECT password_hash FROM user_account WHERE email_folded = $1 AND state = 'active' AND 'admin' = ANY (roles)";

static const char UPSERT_ADMINISTRATOR[] =
    "INSERT INTO user_account AS u (id, email, email_folded, password_hash, name, roles) "
    "VALUES ($1, $2, $3, $4, $5, '{user,admin}') ON CONFLICT (email_folded) DO UPDATE SET "
    "password_hash = excluded.password_hash, password_changed_at = now(), state = 'active', state_reason = '', "
    "version = u.version + 1, updated_at = now(), "
    "roles = ARRAY(SELECT DISTINCT unnest(u.roles || '{admin}'::text[])) RETURNING u.id";

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
	FILE *file = fopen(path, "re");
	if (!file)
		return NULL;
	char line[4 * MAX_PASSWORD + 2];
	const char *read = fgets(line, sizeof(line), file);
	(void)fclose(file);
	if (!read)
		return NULL;
	line[strcspn(line, "\r\n")] = '\0';
	if (!text_valid_utf8(line, strlen(line)))
		return NULL;
	/* As in a login, whose texts are normalised before they are looked at. */
	return text_normalize(&ctx->arena, arena_strdup(&ctx->arena, line));
}

/* 0 when the password may be an administrator's, else -1 after saying why not. */
static int check_password(struct context *ctx, const struct arguments *arguments, const char *password)
{
	size_t length = password ? text_code_points(password, strlen(password)) : 0;
	if (length < MIN_PASSWORD || length > MAX_PASSWORD) {
		log_event(LOG_ERROR, NULL, "no password of a good length there",
			  LOG_STRING("file", arguments->password_file), LOG_NUMBER("shortest", MIN_PASSWORD),
			  LOG_NUMBER("longest", MAX_PASSWORD));
		return -1;
	}
	const char *rule = password_broken_rule(&ctx->arena, password, arguments->email, arguments->name);
	if (rule)
		log_event(LOG_ERROR, NULL, "the password breaks a rule", LOG_STRING("file", arguments->password_file),
			  LOG_STRING("rule", rule));
	return rule ? -1 : 0;
}

/* 0 with *ret_same: there is this administrator with this password already, and nothing is to be done. */
static int is_same(struct rpc_call *call, const struct arguments *arguments, const char *password, bool *ret_same)
{
	struct context *ctx = call->ctx;
	struct pg_result *known =
	    pg_read(ctx, call->db, SELECT_ADMINISTRATOR, text_fold(&ctx->arena, arguments->email));
	*ret_same = false;
	if (!known)
		return -1;
	return pg_count(known) > 0 ? password_verify(ctx, password, pg_text(known, 0, 0), ret_same) : 0;
}

/* An existing account gets a new password, so its sessions end. */
static int make(struct rpc_call *call, const struct arguments *arguments, const char *password)
{
	struct context *ctx = call->ctx;
	char id[UUID_SIZE];
	uuid_make(id);
	const char *phc = password_hash(ctx, password);
	struct pg_tx *tx = phc ? pg_begin(ctx, call->db) : NULL;
	struct pg_result *made = tx ? pg_query(ctx, tx, UPSERT_ADMINISTRATOR, id, arguments->email,
					       text_fold(&ctx->arena, arguments->email), phc, arguments->name)
				    : NULL;
	if (!made)
		return -1;
	const char *user_id = pg_text(made, 0, 0);
	audit_record(call, tx, &(struct audit_event){.action = "user.role_granted", .user_id = user_id});
	if (session_end_all(call, tx, user_id, NULL, "password_changed"))
		return -1;
	revocation_add_user(call, tx, user_id);
	return pg_commit(ctx, tx);
}

int administrator_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	static const struct identity by_command = {.kind = IDENTITY_SERVICE, .id = "admin command"};
	struct rpc_call call = {
	    .ctx = ctx, .caller = &by_command, .peer = "", .user_agent = "", .worker = worker, .db = worker->db};
	bool same = false;
	struct arguments arguments;
	if (parse(argc, argv, &arguments)) {
		log_event(LOG_ERROR, NULL, "usage: admin create --email E --password-file F [--name N]");
		return 2;
	}
	const char *password = read_password(ctx, arguments.password_file);
	if (check_password(ctx, &arguments, password))
		return 1;
	if (is_same(&call, &arguments, password, &same) || (!same && make(&call, &arguments, password))) {
		log_error_of(LOG_ERROR, ctx, "the administrator was not made");
		return 1;
	}
	log_event(LOG_INFO, NULL, "the administrator is ready");
	return 0;
}
