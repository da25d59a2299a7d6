/*
 * Which letters a user gets: the methods passport.letter.get_choices and passport.letter.set_choices.
 *
 * Invariants: letters about the account itself (somebody logged in, a new password) are no choice.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_LETTER_CHOICE_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_LETTER_CHOICE_H

#include "rpc/call.h"

/* passport.letter.get_choices */
int letter_get_choices(struct rpc_call *call) MAY_SUSPEND;

/* passport.letter.set_choices: those that are given. */
int letter_set_choices(struct rpc_call *call) MAY_SUSPEND;

#endif
