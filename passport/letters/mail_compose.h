/*
 * Composes a queued letter: looks up its content and makes its token when the letter is written.
 *
 * Invariants: the token's transaction has been committed when mail_compose returns, so a letter never carries one that
 * is not valid; a letter written again carries a new one, which voids the one before.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_MAIL_COMPOSE_H
#define EVENTLOOP_PASSPORT_LETTERS_MAIL_COMPOSE_H

#include "letters/mail_letter.h"

struct mail_row;
struct pg;

/* Fills *ret, whose template may be another one than the row's, or NULL when nothing is to be sent. public_url: what
 * links begin with. -1 with invalid_params, reason "template", when there is none of that name, or with an error of the
 * database. Texts live in ctx. */
int mail_compose(struct context *ctx, struct pg *db, const char *public_url, const struct mail_row *row,
		 struct mail_letter *ret) MAY_SUSPEND MUST_CHECK;

#endif
