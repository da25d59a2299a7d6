/*
 * Notices: letters that tell users of what happened to their own account, when, from where and with what device.
 *
 * Use: in the transaction of what it tells of.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_NOTICE_H
#define EVENTLOOP_PASSPORT_LETTERS_NOTICE_H

#include "rpc/call.h"

/* Queues the letter to the user's address in tx. details: further values of the template as a JSON object text, or
 * NULL. Nothing for an unknown user. */
int notice_queue(struct rpc_call *call, struct pg_tx *tx, const char *template_name, const char *user_id,
		 const char *details) MAY_SUSPEND MUST_CHECK;

#endif
