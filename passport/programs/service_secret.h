/*
 * The secrets of service accounts: made, changed with an overlap, and exchanged for access tokens.
 *
 * Invariants: a secret is shown once, in the answer that made it; the database keeps its SHA-256, and the row is found
 * by that, so the time of a comparison tells nothing about it. Texts begin with a prefix that scanners of repositories
 * and logs find. An account has at most two valid ones. A token expires no later than its secret and its account. Each
 * secret stores the user who made it, since that one has read it; its tokens name that user (`created_by`).
 */
#ifndef EVENTLOOP_PASSPORT_PROGRAMS_SERVICE_SECRET_H
#define EVENTLOOP_PASSPORT_PROGRAMS_SERVICE_SECRET_H

#include "rpc/call.h"

#define SERVICE_SECRET_PREFIX "evl_sa_" /* of a daemon */
#define API_KEY_PREFIX "evl_key_"	/* of a company's integration */

/* A service_account a as the API shows it; never a secret. */
#define SERVICE_ACCOUNT_JSON                                                                                       \
	"jsonb_strip_nulls(jsonb_build_object('company_id', a.company_id, 'right', a.\"right\")) || "              \
	"jsonb_build_object('id', a.id, 'name', a.name, 'scope', a.scope, 'description', a.description, "          \
	"'state', a.state, 'created_by', a.created_by, 'created_at', api_time(a.created_at), "                     \
	"'expires_at', api_time(a.expires_at), 'disabled_at', api_time(a.disabled_at), "                           \
	"'last_used_at', (SELECT api_time(max(s.last_used_at)) FROM service_secret s WHERE s.account_id = a.id), " \
	"'secrets', (SELECT coalesce(jsonb_agg(jsonb_build_object('hint', s.hint, 'created_at', "                  \
	"api_time(s.created_at), 'created_by', coalesce(s.created_by, a.created_by), 'expires_at', "               \
	"api_time(s.expires_at), 'last_used_at', api_time(s.last_used_at)) ORDER BY s.created_at, s.hash), '[]') " \
	"FROM service_secret s "                                                                                   \
	"WHERE s.account_id = a.id AND (s.expires_at IS NULL OR s.expires_at > now())))"

/* Makes a secret of the caller's for the account in tx (queued); its text, in ctx's arena. */
const char *service_secret_make(struct rpc_call *call, struct pg_tx *tx, const char *account_id, const char *prefix);

/* Ends the valid secrets: the newest goes on for `overlap` seconds, the others for none; with 0 the account's tokens
 * are void as well (queued). */
void service_secret_retire(struct rpc_call *call, struct pg_tx *tx, const char *account_id, int64_t overlap);

/* The account as SERVICE_ACCOUNT_JSON, with its secret when that is not NULL. NULL with the error in ctx. */
struct pg_result *service_account_row(struct rpc_call *call, struct pg_tx *tx, const char *account_id,
				      const char *secret) MAY_SUSPEND MUST_CHECK;

/* passport.service_account.list and passport.api_key.list: a page of the accounts of the company, or with NULL of the
 * daemons. */
int service_account_reply_list(struct rpc_call *call, const char *company_id) MAY_SUSPEND;

/* {"id", "name"} of an account as audit details. */
const char *service_account_details(struct rpc_call *call, const char *id, const char *name);

#endif
