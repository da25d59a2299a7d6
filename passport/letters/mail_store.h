/*
 * The queue of letters in the database: which replica may write which letter now, and the outcome.
 *
 * Invariants: a letter is claimed for a time (its lease) by raising its number of attempts; of several replicas one
 * gets it, and only the attempt that holds the lease may store the outcome. One whose replica died is due again when
 * its lease is over. A letter that was sent is deleted; one that was given up stays, with its reason, until it is tried
 * again or deleted after 30 days.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_MAIL_STORE_H
#define EVENTLOOP_PASSPORT_LETTERS_MAIL_STORE_H

#include "base/context.h"
#include "base/macros.h"

#include <stddef.h>
#include <stdint.h>

struct pg;
struct pg_result;

/* A claimed letter. */
struct mail_row {
	const char *id, *template_name, *recipient, *locale, *data, *queued_at;
	int64_t attempts, age; /* this attempt included; microseconds since it was queued */
};

/* Claims up to `most` due letters for `lease` microseconds. NULL with the error in ctx; else the rows are read with
 * mail_store_row. */
struct pg_result *mail_store_claim(struct context *ctx, struct pg *db, size_t most,
				   int64_t lease) MAY_SUSPEND MUST_CHECK;

/* Copies a claimed letter into the arena. */
void mail_store_row(const struct pg_result *claimed, size_t row, struct arena *arena, struct mail_row *ret);

/* The letter is done with: sent, or there was nothing to send. */
int mail_store_done(struct context *ctx, struct pg *db, const struct mail_row *row) MAY_SUSPEND MUST_CHECK;

/* To be tried again after `pause` microseconds. */
int mail_store_later(struct context *ctx, struct pg *db, const struct mail_row *row, int64_t pause,
		     const char *reason) MAY_SUSPEND MUST_CHECK;

/* Given up. */
int mail_store_failed(struct context *ctx, struct pg *db, const struct mail_row *row,
		      const char *reason) MAY_SUSPEND MUST_CHECK;

/* Forgets letters given up 30 days ago; *ret_waiting and *ret_failed: how many wait, and how many were given up. */
int mail_store_tidy(struct context *ctx, struct pg *db, int64_t *ret_waiting,
		    int64_t *ret_failed) MAY_SUSPEND MUST_CHECK;

/* A JSON object a row: letters that wait or were given up, oldest first. */
struct pg_result *mail_store_list(struct context *ctx, struct pg *db) MAY_SUSPEND MUST_CHECK;

/* Makes letters that were given up due at once, with their attempts counted from 0 again: the one of that id, or with
 * NULL all. The number of them, or -1. */
int64_t mail_store_retry(struct context *ctx, struct pg *db, const char *id) MAY_SUSPEND MUST_CHECK;

#endif
