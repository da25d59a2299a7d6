/*
 * Which occurrences of a series a call means: this one, those from it on, or all (parameter occurrences).
 *
 * Use: series_check_scope with the booking that the call names; series_others for the rest, a list of which is made by
 * series_list_begin, one series_list_add each, series_list_end.
 */
#ifndef EVENTLOOP_EVENTS_SERIES_SCOPE_H
#define EVENTLOOP_EVENTS_SERIES_SCOPE_H

#include "booking/store/row.h"

/* Whether more than the one booking is meant. */
bool series_has_scope(struct rpc_call *call);

/* That a booking with a scope is one of a series. -1 with precondition_failed. */
int series_check_scope(struct rpc_call *call, const struct booking_row *row) MUST_CHECK;

/* The ids of the others that are meant and stand, one a row, in the order of their dates. tx: the transaction that has
 * locked the listing; NULL: for a quote. NULL with an error of the database. */
struct pg_result *series_others(struct rpc_call *call, struct pg_tx *tx,
				const struct booking_row *row) MAY_SUSPEND MUST_CHECK;

/* A JSON list of bookings that are cancelled. */
void series_list_begin(struct rpc_call *call, struct buffer *list);
void series_list_add(struct buffer *list, const struct booking_row *row, const struct refund *refund);
const char *series_list_end(struct buffer *list);

#endif
