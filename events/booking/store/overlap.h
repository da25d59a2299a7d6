/*
 * Requests whose time is given to another one.
 *
 * Invariants: those alone that no longer fit, so of a listing of several units not all that overlap; a request that has
 * its units keeps them. At most 100 at a time: what is beyond is answered when it is approved, by the units themselves.
 */
#ifndef EVENTLOOP_EVENTS_OVERLAP_H
#define EVENTLOOP_EVENTS_OVERLAP_H

#include "availability/hours.h"
#include "booking/store/terms.h"

/* Declines or flags, as the rules say, the requests on this time that do not fit any more. What takes it is written. */
int overlap_answer(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms,
		   const struct span *taken) MAY_SUSPEND MUST_CHECK;

/* Flags them, whatever the rules say: for a block. */
int overlap_flag(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms,
		 const struct span *taken) MAY_SUSPEND MUST_CHECK;

#endif
