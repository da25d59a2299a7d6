/*
 * Letters: queued with the change that they tell of, written and sent outside the request.
 *
 * Invariants: a letter is queued in the transaction of its cause, so that there is neither without the other; nothing
 * secret is in the queue: a token that a letter carries is made when the letter is written.
 */
#ifndef EVENTLOOP_PASSPORT_MAIL_H
#define EVENTLOOP_PASSPORT_MAIL_H

#include "rpc/call.h"

/* A letter. Texts are borrowed until the call returns. */
struct mail {
	const char *template_name; /* stem of the files in passport/mail */
	const char *recipient;	   /* address */
	const char *locale;	   /* NULL: English */
	const char *data;	   /* JSON object text: the template's values; NULL: none. No secrets. */
};

/* Queues the letter in tx. */
void mail_queue(struct rpc_call *call, struct pg_tx *tx, const struct mail *mail);

#endif
