#include "keys/stage.h"

#include "audit/audit.h"
#include "base/ids.h"
#include "config/config.h"
#include "keys/key.h"
#include "keys/make.h"
#include "keys/sealing.h"
#include "postgres/postgres.h"
#include "telemetry/log.h"
#include "token/token.h"

#include <string.h>

static const char LOCK_KEYS[] = "SELECT pg_advisory_xact_lock(hashtext('passport.signing_key'))";

static const char NOTIFY_KEYS[] = "SELECT pg_notify('" KEY_CHANNEL "', '')";

static const char HAS_SIGNING[] = "SELECT 1 FROM signing_key WHERE state = 'signing'";

static const char INSERT_KEY[] =
    "INSERT INTO signing_key AS k (kid, algorithm, public_jwk, private_sealed, state, signing_at) "
    "VALUES ($1, $2, $3::jsonb, decode($4, 'hex'), CASE WHEN $5::bigint > 0 THEN 'published' ELSE 'signing' END, "
    "now() + $5::bigint * interval '1 microsecond') RETURNING " KEY_JSON "::text";

/* The key that signs, when it is to be replaced at a certain age ($1, 0: never) and there is room for a successor. */
#define AGEING                                                                  \
	"signing_key WHERE $1::bigint > 0 AND state = 'signing' AND "           \
	"(SELECT count(*) < " KEYS_MAX " AND NOT bool_or(state = 'published') " \
	"FROM signing_key)"
#define OLD_AT "signing_at + $1::bigint * interval '1 microsecond'"

/* Every moment at which a key has to change. */
#define CHANGES                                                                \
	"(SELECT signing_at AS at FROM signing_key WHERE state = 'published' " \
	"UNION ALL SELECT leaves_at FROM signing_key WHERE state = 'retired' " \
	"UNION ALL SELECT " OLD_AT " FROM " AGEING ") changes"

static const char NEXT_CHANGE[] = "SELECT ceil(extract(epoch FROM min(at) - clock_timestamp()) * 1000000)::bigint "
				  "FROM " CHANGES;

/* The key that signed makes way before the published one takes its place. */
static const char RETIRE[] =
    "UPDATE signing_key SET state = 'retired', private_sealed = NULL, retired_at = now(), "
    "leaves_at = now() + $1::bigint * interval '1 microsecond' WHERE state = 'signing' "
    "AND EXISTS (SELECT 1 FROM signing_key WHERE state = 'published' AND signing_at <= now()) RETURNING kid";

static const char SIGN[] = "UPDATE signing_key SET state = 'signing', signing_at = now() WHERE state = 'published' AND "
			   "signing_at <= now() RETURNING kid";

static const char REMOVE[] = "DELETE FROM signing_key WHERE state = 'retired' AND leaves_at <= now() RETURNING kid";

static const char TOO_OLD[] = "SELECT 1 FROM " AGEING " AND " OLD_AT " <= now()";

static const char *number(struct context *ctx, int64_t value)
{
	return arena_printf(&ctx->arena, "%lld", (long long)value);
}

void key_policy_read(const struct config *config, struct key_policy *ret)
{
	*ret = (struct key_policy){
	    .algorithm = config_text(config, "token_algorithm"),
	    .publish_delay = config_integer(config, "key_publish_delay"),
	    .rotation = config_integer(config, "key_rotation"),
	    .reload_interval = config_integer(config, "key_reload_interval"),
	};
	/* A replica that has not heard of the change signs with the old key until it reloads. */
	ret->retention = config_integer(config, "token_lifetime") + TOKEN_SKEW + ret->reload_interval;
}

int key_stage_lock(struct context *ctx, struct pg_tx *tx)
{
	return pg_query(ctx, tx, LOCK_KEYS) ? 0 : -1;
}

void key_stage_notify(struct context *ctx, struct pg_tx *tx)
{
	pg_queue(ctx, tx, NOTIFY_KEYS);
}

struct pg_result *key_stage_make(struct context *ctx, struct pg_tx *tx, const struct master_key *master,
				 const char *algorithm, int64_t delay)
{
	size_t length = 0;
	struct key_pair pair;
	if (key_pair_make(ctx, algorithm, &pair))
		return NULL;
	unsigned char *sealed = seal(ctx, master, KEY_PRIVATE_LABEL, pair.pem, strlen(pair.pem), &length);
	if (!sealed)
		return NULL;
	char *hex = arena_alloc(&ctx->arena, 2 * length + 1);
	hex_encode(sealed, length, hex);
	key_stage_notify(ctx, tx);
	return pg_query(ctx, tx, INSERT_KEY, pair.kid, algorithm, pair.public_jwk, hex, number(ctx, delay));
}

int key_stage_next(struct context *ctx, struct pg *db, const struct key_policy *policy, int64_t *ret_wait)
{
	struct pg_result *next = pg_read(ctx, db, NEXT_CHANGE, number(ctx, policy->rotation));
	if (!next)
		return -1;
	int64_t wait = pg_text(next, 0, 0) ? pg_integer(next, 0, 0) : INT64_MAX;
	*ret_wait = wait > 0 ? wait : 0;
	return 0;
}

/* What a step did, in the log: a person who reads it sees every rotation from beginning to end. */
static void log_step(const char *step, const struct pg_result *kids)
{
	for (size_t i = 0; i < pg_count(kids); i++)
		log_event(LOG_INFO, NULL, "a signing key changed", LOG_STRING("step", step),
			  LOG_STRING("kid", pg_text(kids, i, 0)));
}

static int rotate_when_old(struct context *ctx, struct pg_tx *tx, const struct master_key *master,
			   const struct key_policy *policy)
{
	struct pg_result *old = pg_query(ctx, tx, TOO_OLD, number(ctx, policy->rotation));
	if (!old)
		return -1;
	if (pg_count(old) == 0)
		return 0;
	struct pg_result *key = key_stage_make(ctx, tx, master, policy->algorithm, policy->publish_delay);
	if (!key)
		return -1;
	audit_record_system(ctx, tx, &(struct audit_event){.action = "key.rotated", .details = pg_text(key, 0, 0)});
	log_event(LOG_INFO, NULL, "an automatic rotation of the signing key has begun",
		  LOG_STRING("algorithm", policy->algorithm));
	return 0;
}

int key_stage_advance(struct context *ctx, struct pg *db, const struct master_key *master,
		      const struct key_policy *policy)
{
	struct pg_tx *tx = pg_begin(ctx, db);
	if (!tx || key_stage_lock(ctx, tx))
		return -1;
	struct pg_result *retired = pg_query(ctx, tx, RETIRE, number(ctx, policy->retention));
	struct pg_result *signing = retired ? pg_query(ctx, tx, SIGN) : NULL;
	struct pg_result *removed = signing ? pg_query(ctx, tx, REMOVE) : NULL;
	if (!removed || rotate_when_old(ctx, tx, master, policy))
		return -1;
	if (pg_count(signing) + pg_count(removed) > 0)
		key_stage_notify(ctx, tx);
	if (pg_commit(ctx, tx))
		return -1;
	log_step("retired", retired);
	log_step("signing", signing);
	log_step("removed", removed);
	return 0;
}

int key_stage_begin(struct context *ctx, struct pg *db, const struct master_key *master, const char *algorithm)
{
	struct pg_tx *tx = pg_begin(ctx, db);
	/* Replicas may start at once on a virgin database: one makes the key, the others then see it. */
	if (!tx || key_stage_lock(ctx, tx))
		return -1;
	struct pg_result *present = pg_query(ctx, tx, HAS_SIGNING);
	if (!present || (pg_count(present) == 0 && !key_stage_make(ctx, tx, master, algorithm, 0)))
		return -1;
	return pg_commit(ctx, tx);
}
