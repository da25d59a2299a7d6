/*
 * Who asks too often for what anybody may ask for: accounts, letters, the use of a token.
 *
 * Purpose: two limits. Of a network, told to the caller before any hard work. Of letters to an address, silent: beyond
 * it the answer and the work stay what they were and no letter goes out, so that nobody's mailbox can be flooded
 * through us, and whether somebody asked before cannot be told. Neither tells whether an account exists.
 * Letters are counted for each network, so that a stranger who asks without end does not keep the owner from asking;
 * a higher limit of all networks together does not hold for one from which the owner has logged in of late.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_ACCOUNT_GUARD_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_ACCOUNT_GUARD_H

#include "rpc/call.h"

/* What a network does; each is counted for itself. */
enum account_action { ACCOUNT_REGISTER, ACCOUNT_REQUEST_RESET, ACCOUNT_TOKEN };

/* Which letters an address is sent on anybody's wish; each is counted for itself. */
enum account_letter { LETTER_REGISTRATION, LETTER_RESET, LETTER_EMAIL_CHANGE, LETTER_INVITATION };

/* Counts a try of the caller's network. -1 with rate_limited. */
int account_guard_network(struct rpc_call *call, enum account_action action) MAY_SUSPEND MUST_CHECK;

/* Counts a wish of the caller, who is a user, for another address. -1 with rate_limited: nobody writes to strangers
 * without end through their account. */
int account_guard_email_change(struct rpc_call *call) MAY_SUSPEND MUST_CHECK;

/* Counts a letter to the address. *ret_send: whether it may go out. */
int account_guard_letter(struct rpc_call *call, enum account_letter letter, const char *email,
			 bool *ret_send) MAY_SUSPEND MUST_CHECK;

#endif
