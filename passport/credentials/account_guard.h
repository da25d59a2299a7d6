/*
 * Rate limits of what anybody may ask for: accounts, letters, the use of a token.
 *
 * Purpose: two limits. One per network: the caller gets an error before any expensive work. One of letters to an
 * address, silent: beyond it the answer and the work stay the same and no letter goes out, so that nobody's mailbox can
 * be flooded through us, and whether somebody asked before cannot be told. Neither tells whether an account exists.
 * Letters are counted for each network, so that a stranger's requests do not use up the owner's; a higher limit of all
 * networks together does not apply to one from which the owner has logged in recently.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_ACCOUNT_GUARD_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_ACCOUNT_GUARD_H

#include "rpc/call.h"

/* What is counted per network, each separately. */
enum account_action { ACCOUNT_REGISTER, ACCOUNT_REQUEST_RESET, ACCOUNT_TOKEN };

/* Letters that anybody can have sent to an address, each counted separately. */
enum account_letter { LETTER_REGISTRATION, LETTER_RESET, LETTER_EMAIL_CHANGE, LETTER_INVITATION };

/* Counts a try of the caller's network. -1 with rate_limited. */
int account_guard_network(struct rpc_call *call, enum account_action action) MAY_SUSPEND MUST_CHECK;

/* Counts a change of address asked for by the calling user. -1 with rate_limited, so that an account cannot be used to
 * mail strangers without limit. */
int account_guard_email_change(struct rpc_call *call) MAY_SUSPEND MUST_CHECK;

/* Counts a letter to the address. *ret_send: whether it may go out. */
int account_guard_letter(struct rpc_call *call, enum account_letter letter, const char *email,
			 bool *ret_send) MAY_SUSPEND MUST_CHECK;

#endif
