/*
 * Authors who have erased their accounts (passport.user.erased): their reviews stay, without a name.
 *
 * Invariants: an author's name is written under a shared lock and taken out under the exclusive one, so that a review
 * whose author is erased at the same moment has no name either.
 */
#ifndef EVENTLOOP_RATING_ERASED_AUTHOR_H
#define EVENTLOOP_RATING_ERASED_AUTHOR_H

#include "rpc/outbox.h"

/* SQL: the name, or none when the author ($id) was erased. After erased_author_lock. */
#define ERASED_AUTHOR_NAME(name, id) \
	"CASE WHEN EXISTS (SELECT FROM erased_author e WHERE e.user_id = " id "::uuid) THEN '' ELSE " name " END"

/* Lets no erasure of the author happen until tx ends (queued). */
void erased_author_lock(struct rpc_call *call, struct pg_tx *tx, const char *author_id);

fact_handler_function erased_author_fact;

#endif
