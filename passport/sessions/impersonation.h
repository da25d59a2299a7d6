/*
 * Impersonation, for support: an administrator acts as a user.
 *
 * Invariants: the session says who acts (`act`, RFC 8693 section 4.1), through every refresh, in every log line and
 * audit row; it lasts an hour, ends with the administrator's rights, and is never opened for a moderator or an
 * administrator. Methods that need a fresh authentication refuse it.
 */
#ifndef EVENTLOOP_PASSPORT_SESSIONS_IMPERSONATION_H
#define EVENTLOOP_PASSPORT_SESSIONS_IMPERSONATION_H

#include "rpc/call.h"

/* passport.auth.impersonate: tokens of a session of the user, for the administrator who calls. */
int auth_impersonate(struct rpc_call *call) MAY_SUSPEND;

#endif
