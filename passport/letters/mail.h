/*
 * Letters: queued with the change that they tell of, written and sent outside the request.
 *
 * Invariants: a letter is queued in the transaction of its cause, so that there is neither without the other; nothing
 * secret is in the queue: a token that a letter carries is made when the letter is written.
 *
 * Templates, and what their data must say (mail_compose.c looks up the rest when it writes the letter):
 *   verify_email          {"registration_id"}; becomes already_registered when the address has an account by then
 *   password_reset        {}; nothing is sent when the recipient has no active account
 *   email_change          {"user_id"}; to the new address
 *   email_changed         {"user_id"} and circumstances; to the old address
 *   password_changed      circumstances
 *   account_locked        circumstances
 *   second_factor_changed {"change": "enabled", "disabled", "recovery_codes" or "recovered"} and circumstances
 *   invitation            {"invitation_id", "company", "inviter", "right", "expires_at"}: names and RFC 3339 time
 *   company_verified, company_rejected  {"company", "reason"}
 *   booking_*             {"values", "no_account", "name"}: passport.letter.send's values, and who has no account
 * Circumstances, all of which may be missing: "at" (RFC 3339; missing: when it was queued), "address", "device".
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_MAIL_H
#define EVENTLOOP_PASSPORT_LETTERS_MAIL_H

#include "rpc/call.h"

/* A letter. Texts are borrowed until the call returns. */
struct mail {
	const char *template_name; /* stem of the files in passport/mail */
	const char *recipient;	   /* address */
	const char *locale;	   /* NULL: English. Letters about an account are in the account's language */
	const char *data;	   /* JSON object text: the template's values; NULL: none. No secrets. */
};

/* Queues the letter in tx. It is sent at once when tx is ended by rpc_commit, rpc_commit_row or rpc_commit_text, else
 * when the queue is polled next. */
void mail_queue(struct rpc_call *call, struct pg_tx *tx, const struct mail *mail);

#endif
