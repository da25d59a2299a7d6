/*
 * Invitations from the company's side: the methods passport.invitation.create, list, revoke.
 *
 * Purpose: an address is invited, and a letter goes there; whoever has an account with that address answers
 * (invitation_answer.h). Invariants: nothing that the company sees depends on whether the address has an account, until
 * the invitation is answered. A company has one open invitation for an address, and at most 100 in all. Owners invite
 * with any right, managers staff only. The company's row is locked before an invitation's.
 */
#ifndef EVENTLOOP_PASSPORT_COMPANIES_INVITATION_H
#define EVENTLOOP_PASSPORT_COMPANIES_INVITATION_H

#include "rpc/call.h"

/* An invitation i to a company c as JSON; its inviter is user_account b, who may be missing. */
#define INVITATION_STATE "CASE WHEN i.state = 'pending' AND i.expires_at <= now() THEN 'expired' ELSE i.state END"
#define INVITATION_JSON                                                                                      \
	"jsonb_build_object('id', i.id, 'company', jsonb_build_object('id', c.id, 'name', c.name, 'state', " \
	"c.state), 'email', i.email, 'right', i.\"right\", 'state', " INVITATION_STATE ", 'invited_by', "    \
	"CASE WHEN b.id IS NOT NULL THEN jsonb_build_object('id', b.id, 'name', b.name) END, 'created_at', " \
	"api_time(i.created_at), 'expires_at', api_time(i.expires_at), 'answered_at', api_time(i.answered_at))"

/* passport.invitation.create: invites an address, or renews its open invitation. */
int invitation_create(struct rpc_call *call) MAY_SUSPEND;

/* passport.invitation.list: the company's, for its owners and managers; or those to the caller's address. */
int invitation_list(struct rpc_call *call) MAY_SUSPEND;

/* passport.invitation.revoke: takes an open one back. */
int invitation_revoke(struct rpc_call *call) MAY_SUSPEND;

#endif
