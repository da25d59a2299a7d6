/*
 * From a wish for an account to an account: passport.user.register and passport.user.verify_email.
 *
 * Invariants: an account exists only once a letter to its address was answered with the password that was chosen in the
 * registration of that letter, and moves to another address only by the letter to it and its password. The letter
 * proves who has the address, the password who asked for it: a stranger who gives somebody's address has a password
 * that its owner does not know, so no account with the stranger's password comes of it, whatever the owner clicks on.
 * Tries at the password are counted for each letter, whoever makes them; registering anew, with a letter of its own, is
 * possible at any time. Registering never looks at whether the address has an account: it writes a row and queues a
 * letter, and what letter that becomes is decided outside the request, so text, code and time of the answer are the
 * same for known and unknown addresses. Of all registrations of an address one becomes the account, also when two
 * letters are answered at once.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_REGISTRATION_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_REGISTRATION_H

#include "rpc/call.h"

/* passport.user.register: keeps the wish and has a letter sent. */
int user_register(struct rpc_call *call) MAY_SUSPEND;

/* passport.user.verify_email: takes the token of a letter and the password of whoever asked for it, and makes the
 * account or switches its address. */
int user_verify_email(struct rpc_call *call) MAY_SUSPEND;

#endif
