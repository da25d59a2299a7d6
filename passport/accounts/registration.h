/*
 * Registration: passport.user.register and passport.user.verify_email.
 *
 * Invariants: an account exists only once a letter to its address was answered with the password that was chosen in the
 * registration of that letter, and moves to another address only by the letter to it and its password. The letter
 * proves control of the address, the password that it is the registrant who answers: a stranger who registers
 * somebody's address chose a password that the address's owner does not know, so no account with the stranger's
 * password can come of it, whatever the owner clicks on. Password tries are counted per letter, whoever makes them;
 * registering anew, with a letter of its own, is possible at any time. Registering never looks at whether the address
 * has an account: it writes a row and queues a letter, and what letter that becomes is decided outside the request, so
 * text, code and time of the answer are the same for known and unknown addresses. Of all registrations of an address
 * one becomes the account, also when two letters are answered at once.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_REGISTRATION_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_REGISTRATION_H

#include "rpc/call.h"

/* passport.user.register: stores the registration and queues a letter. */
int user_register(struct rpc_call *call) MAY_SUSPEND;

/* passport.user.verify_email: takes the token of a letter and the password of the registration or account that asked
 * for it, and makes the account or switches its address. */
int user_verify_email(struct rpc_call *call) MAY_SUSPEND;

#endif
