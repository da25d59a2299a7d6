/*
 * Erases the caller's account: personal data is deleted, what others still need stays.
 *
 * Purpose: name, address, password, attributes, second factor, where sessions came from, memberships, invitations and
 * letters go; the account's row stays as an anonymous one, so that bookings and reviews go on pointing at something.
 * The other daemons are told by passport.user.erased and do the same with what they keep. Invariants: all of it in one
 * transaction, but for what a user has more of than a batch takes (sessions, invitations, the audit trail, kept
 * answers): the rest of that goes in a background job. Nothing is written for the user afterwards (rpc/erased_user.h).
 * The last owner of a company that has other members or listings must pass it on first; a company without other members
 * is suspended. The last active administrator cannot be erased.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_USER_ERASE_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_USER_ERASE_H

#include "outbox/background_job.h"

int user_erase(struct rpc_call *call) MAY_SUSPEND;

/* The batch of ERASURE_JOB; its details are the folded address. */
int user_erase_forget(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
		      const char **ret_position) MAY_SUSPEND;

#endif
