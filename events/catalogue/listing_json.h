/*
 * How a listing l becomes the JSON of the API.
 */
#ifndef EVENTLOOP_EVENTS_LISTING_JSON_H
#define EVENTLOOP_EVENTS_LISTING_JSON_H

/* description: an SQL expression, l.description or a cut of it. */
#define LISTING_JSON_WITH(description)                                                                      \
	"jsonb_build_object('id', l.id, 'company_id', l.company_id, 'type', l.type, 'title', l.title, "     \
	"'description', " description ", 'address', l.address, "                                            \
	"'location', CASE WHEN l.lat IS NOT NULL THEN jsonb_build_object('lat', l.lat, 'lon', l.lon) END, " \
	"'time_zone', l.time_zone, 'capacity', l.capacity, 'units', l.units, "                              \
	"'price', api_money(l.price_amount, l.price_currency), 'price_unit', l.price_unit, "                \
	"'properties', l.properties, 'images', l.images, 'includes', l.includes, 'state', l.state, "        \
	"'rating', jsonb_build_object('count', l.rating_count, 'mean', l.rating_mean, 'bayesian', "         \
	"l.rating_bayesian), "                                                                              \
	"'version', l.version, 'created_at', api_time(l.created_at), 'updated_at', api_time(l.updated_at))"

#define LISTING_JSON LISTING_JSON_WITH("l.description")

#endif
