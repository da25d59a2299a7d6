/*
 * How a booking b becomes the JSON of the API. What the clock has ended reads so before the daemon has noted it.
 */
#ifndef EVENTLOOP_EVENTS_BOOKING_JSON_H
#define EVENTLOOP_EVENTS_BOOKING_JSON_H

#define BOOKING_STATE                                                                                           \
	"CASE WHEN b.state = 'confirmed' AND upper(b.period) <= now() AND b.kind = 'booking' THEN 'completed' " \
	"WHEN b.state IN ('held', 'requested') AND b.expires_at <= now() THEN 'expired' ELSE b.state END"

/* unit_numbers: an SQL expression, the units it takes as a JSON array. */
#define BOOKING_JSON_WITH(unit_numbers)                                                                               \
	"jsonb_build_object('id', b.id, 'listing_id', b.listing_id, 'company_id', b.company_id, "                     \
	"'user_id', b.user_id, 'kind', b.kind, "                                                                      \
	"'period', api_period(b.period), 'units', b.units, 'unit_numbers', " unit_numbers ", 'state', " BOOKING_STATE \
	", 'cause', b.cause, 'guests', b.guests, 'extras', b.extras, "                                                \
	"'price', api_money(b.price_amount, b.price_currency), 'price_lines', b.price, 'policy', b.policy, "          \
	"'rules_version', b.rules_version, 'overlapped', b.overlapped, 'note', b.note, 'reason', b.reason, "          \
	"'cancelled_by', b.cancelled_by, 'paid', b.paid, 'cancellation_fee', b.cancellation_fee, "                    \
	"'refund_due', b.refund_due, 'overbooked', b.overbooked, 'option', b.option, "                                \
	"'customer', b.customer, 'booked_by', b.booked_by, 'override', b.override, 'group_id', b.group_id, "          \
	"'ready', b.ready, 'series_id', b.series_id, 'occurrence', b.occurrence, "                                    \
	"'version', b.version, 'created_at', api_time(b.created_at), 'expires_at', api_time(b.expires_at), "          \
	"'offered_at', api_time(b.offered_at), 'decided_at', api_time(b.decided_at), "                                \
	"'changed_at', api_time(b.changed_at), 'ended_at', api_time(b.ended_at), "                                    \
	"'cancelled_at', api_time(b.cancelled_at))"

#define BOOKING_UNIT_NUMBERS                                                      \
	"coalesce((SELECT jsonb_agg(u.unit ORDER BY u.unit) FROM booking_unit u " \
	"WHERE u.booking_id = b.id AND u.listing_id = b.listing_id), '[]')"

/* As the company and other daemons see it. */
#define BOOKING_JSON "(" BOOKING_JSON_WITH(BOOKING_UNIT_NUMBERS) ")"

/* SQL: the same for who booked: not told are numbers of units that may change, and what the company set aside of its
 * rules. json: the whole, of a row j with `named`. */
#define BOOKING_FOR_CUSTOMER(json) \
	"(CASE WHEN j.named THEN " json " - 'override' ELSE " json " - '{unit_numbers,override}'::text[] END)"

#endif
