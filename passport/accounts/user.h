/*
 * User accounts: the methods passport.user.*.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_USER_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_USER_H

#include "rpc/call.h"

/* passport.user.me: the caller's account with its companies. */
int user_me(struct rpc_call *call) MAY_SUSPEND;

/* passport.user.profiles: display names, for daemons. */
int user_profiles(struct rpc_call *call) MAY_SUSPEND;

/* passport.user.contacts: names and addresses, for daemons that show them to who has a right to them. */
int user_contacts(struct rpc_call *call) MAY_SUSPEND;

#endif
