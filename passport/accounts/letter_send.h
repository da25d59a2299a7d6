/*
 * Letters that other daemons have passport write: once under each key, to those who want them.
 *
 * Purpose: the sender says of what and to whom; address, language, choice and limits are passport's. Invariants: the
 * key and the queued letters are one transaction, so a call that is repeated, whatever happened to the first, writes
 * nothing twice; a key is kept for 35 days. No letter goes to somebody who is suspended or erased. Beyond the limits of
 * a day (settings booking_letter_limit, stranger_letter_limit) nothing is written, and the answer is no error: the
 * sender cannot do anything about it.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_LETTER_SEND_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_LETTER_SEND_H

#include "rpc/call.h"

/* passport.letter.send */
int letter_send(struct rpc_call *call) MAY_SUSPEND;

#endif
