/*
 * A user's own data: passport.user.update.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_PROFILE_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_PROFILE_H

#include "rpc/call.h"

/* passport.user.update: name, locale, time zone, the attributes that an administrator
 * has defined; and another address, which takes the current password and switches
 * only when the letter to it is answered (email_change.h). */
int user_update(struct rpc_call *call) MAY_SUSPEND;

#endif
