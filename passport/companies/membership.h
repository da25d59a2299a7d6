/*
 * The present members of a company and their rights, by which the methods on companies, members and invitations decide.
 *
 * Invariants: a company always has an owner whose account is active, and only active users have rights. Whatever
 * changes memberships or invitations holds the lock on the company's row, so of two changes at the same moment the
 * second sees what the first did. The row is locked before any user's.
 */
#ifndef EVENTLOOP_PASSPORT_COMPANIES_MEMBERSHIP_H
#define EVENTLOOP_PASSPORT_COMPANIES_MEMBERSHIP_H

#include "rpc/call.h"

#include <stdbool.h>

/* A company with its row locked. Texts are in the call's arena. */
struct membership {
	const char *company_id;
	const char *company_name;
	bool suspended;
	enum company_right caller;  /* of the calling user; of an API key what its token says */
	enum company_right subject; /* of the user asked about */
	bool other_owner;	    /* somebody active besides the user asked about is an owner */
};

/* Locks the company's row until tx ends and reads the rights in it. user_id: the user asked about, or NULL. -1 with
 * not_found when there is no such company. */
int membership_lock(struct rpc_call *call, struct pg_tx *tx, const char *company_id, const char *user_id,
		    struct membership *ret) MAY_SUSPEND MUST_CHECK;

/* The caller has at least the right: 0, or -1 with forbidden, or precondition_failed (rule company_state) when the
 * company is suspended. */
int membership_demand(struct rpc_call *call, const struct membership *membership, enum company_right right) MUST_CHECK;

/* precondition_failed (rule company_state) when the company is suspended, else 0. */
int membership_demand_active(struct rpc_call *call, const struct membership *membership) MUST_CHECK;

/* Revokes the user's open invitations that their new right (NULL: none) would not allow, so that a removed member
 * cannot come back by an invitation of their own. Before membership_changed. */
int membership_withdraw(struct rpc_call *call, struct pg_tx *tx, const struct membership *membership,
			const char *user_id, const char *right) MAY_SUSPEND MUST_CHECK;

/* To be called after a change of a user's right in tx: voids their tokens and publishes the fact. right: NULL when the
 * user is no member any more. */
int membership_changed(struct rpc_call *call, struct pg_tx *tx, const struct membership *membership,
		       const char *user_id, const char *right) MAY_SUSPEND MUST_CHECK;

/* The calling user's right in an active company, for rpc_require_right (rpc_right_function). */
int membership_find_right(struct rpc_call *call, const char *company_id,
			  enum company_right *ret_right) MAY_SUSPEND MUST_CHECK;

#endif
