/*
 * What events forgets of a user who has erased their account (passport.user.erased): what they wrote to hosts. Bookings
 * stay; the id in them leads to nobody any more.
 */
#ifndef EVENTLOOP_EVENTS_ERASED_USER_H
#define EVENTLOOP_EVENTS_ERASED_USER_H

#include "rpc/outbox.h"

fact_handler_function erased_user_fact;

#endif
