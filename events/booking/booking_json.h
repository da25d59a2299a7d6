/*
 * How a booking b becomes the JSON of the API. A confirmed booking whose period has passed reads as completed.
 */
#ifndef EVENTLOOP_EVENTS_BOOKING_JSON_H
#define EVENTLOOP_EVENTS_BOOKING_JSON_H

#define BOOKING_STATE "CASE WHEN b.state = 'confirmed' AND upper(b.period) <= now() THEN 'completed' ELSE b.state END"

/* unit_numbers: an SQL expression, the units it takes as a JSON array. */
#define BOOKING_JSON_WITH(unit_numbers)                                                                               \
	"jsonb_build_object('id', b.id, 'listing_id', b.listing_id, 'company_id', b.company_id, "                     \
	"'user_id', b.user_id, "                                                                                      \
	"'period', api_period(b.period), 'units', b.units, 'unit_numbers', " unit_numbers ", 'state', " BOOKING_STATE \
	", "                                                                                                          \
	"'price', api_money(b.price_amount, b.price_currency), 'note', b.note, 'version', b.version, "                \
	"'created_at', api_time(b.created_at), 'cancelled_at', api_time(b.cancelled_at))"

#define BOOKING_JSON                                                                                \
	BOOKING_JSON_WITH("coalesce((SELECT jsonb_agg(u.unit ORDER BY u.unit) FROM booking_unit u " \
			  "WHERE u.booking_id = b.id), '[]')")

#endif
