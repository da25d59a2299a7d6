/*
 * Invitations from the side of the invited user: the methods passport.invitation.accept and decline.
 *
 * Invariants: only the user whose verified address was invited can answer; to everybody else the invitation does not
 * exist. Accepting makes exactly one membership, also when it is done twice at the same moment.
 */
#ifndef EVENTLOOP_PASSPORT_COMPANIES_INVITATION_ANSWER_H
#define EVENTLOOP_PASSPORT_COMPANIES_INVITATION_ANSWER_H

#include "rpc/call.h"

/* passport.invitation.accept: the caller becomes a member; their tokens are void, and the next ones carry the right. */
int invitation_accept(struct rpc_call *call) MAY_SUSPEND;

/* passport.invitation.decline. */
int invitation_decline(struct rpc_call *call) MAY_SUSPEND;

#endif
