#include "availability/explain.h"
#include "availability/listing_rules.h"
#include "availability/slots.h"
#include "availability/type_rules.h"
#include "booking/booking.h"
#include "booking/booking_review.h"
#include "booking/includes.h"
#include "booking/many/many.h"
#include "booking/series/series.h"
#include "booking/store/period.h"
#include "booking/store/unit.h"
#include "bulk/bulk.h"
#include "bulk/export.h"
#include "catalogue/company_listings.h"
#include "catalogue/company_state.h"
#include "catalogue/definition.h"
#include "catalogue/draft_limit.h"
#include "catalogue/listing.h"
#include "catalogue/listing_change.h"
#include "catalogue/listing_rating.h"
#include "catalogue/moderation.h"
#include "daemon/daemon.h"
#include "daemon/fact_key_check.h"
#include "erased_user.h"
#include "letters/letters.h"
#include "outbox/erasure.h"
#include "pricing/listing_pricing.h"
#include "projection/projection.h"
#include "search/rebuild.h"
#include "search/search.h"
#include "start.h"

extern const struct embedded_file events_api[], events_migrations[], events_fact_lists[];

static const struct rpc_handler handlers[] = {
    {"events.type.list", type_list},
    {"events.type.get", type_get},
    {"events.type.create", type_create},
    {"events.type.update", type_update},
    {"events.type.archive", type_archive},
    {"events.type.get_rules", type_get_rules},
    {"events.type.set_rules", type_set_rules},
    {"events.property_category.list", property_category_list},
    {"events.property_category.get", property_category_get},
    {"events.property_category.create", property_category_create},
    {"events.property_category.update", property_category_update},
    {"events.property_category.archive", property_category_archive},
    {"events.property.list", property_list},
    {"events.property.get", property_get},
    {"events.property.create", property_create},
    {"events.property.update", property_update},
    {"events.property.archive", property_archive},
    {"events.listing.create", listing_create},
    {"events.listing.get", listing_get},
    {"events.listing.update", listing_update},
    {"events.listing.submit", listing_submit},
    {"events.listing.queue", listing_queue},
    {"events.listing.approve", listing_approve},
    {"events.listing.reject", listing_reject},
    {"events.listing.mine", listing_mine},
    {"events.listing.companies", company_listings},
    {"events.listing.get_rules", listing_get_rules},
    {"events.listing.set_rules", listing_set_rules},
    {"events.listing.get_pricing", listing_get_pricing},
    {"events.listing.set_pricing", listing_set_pricing},
    {"events.listing.search", listing_search},
    {"events.booking.hold", booking_hold},
    {"events.availability.slots", availability_slots},
    {"events.availability.explain", availability_explain},
    {"events.booking.quote", booking_quote},
    {"events.booking.create", booking_create},
    {"events.listing.set_includes", listing_set_includes},
    {"events.booking.quote_many", booking_quote_many},
    {"events.booking.create_many", booking_create_many},
    {"events.booking.create_recurring", booking_create_recurring},
    {"events.booking.get_series", booking_get_series},
    {"events.booking.add_occurrence", booking_add_occurrence},
    {"events.booking.get", booking_get},
    {"events.booking.list", booking_list},
    {"events.booking.for_review", booking_for_review},
    {"events.booking.approve", booking_approve},
    {"events.booking.accept", booking_accept},
    {"events.booking.decline", booking_decline},
    {"events.booking.change", booking_change},
    {"events.booking.quote_change", booking_quote_change},
    {"events.booking.shorten", booking_shorten},
    {"events.booking.cancel", booking_cancel},
    {"events.booking.quote_cancel", booking_quote_cancel},
    {"events.booking.complete", booking_complete},
    {"events.booking.no_show", booking_no_show},
    {"events.booking.erase_customer", booking_erase_customer},
    {"events.booking.block", booking_block},
    {"events.booking.unblock", booking_unblock},
    {NULL, NULL},
};

static const struct fact_handler fact_handlers[] = {
    {"rating.summary.changed", listing_rating_changed},
    {"passport.company.suspended", company_state_changed},
    {"passport.company.restored", company_state_changed},
    {"passport.user.erased", erasure_fact},
    {NULL, NULL},
};

static const struct config_option options[] = {
    {"booking_shortest", CONFIG_DURATION, "15m", CLOCK_SECOND, INT64_C(86400) * CLOCK_SECOND, 0, NULL,
     "shorter than this is no booking, whatever the unit of sale", NULL},
    {"company_waiting", CONFIG_INTEGER, "200", 1, 1000000, 0, NULL,
     "listings and changes of one company that may wait for moderators", NULL},
    {"drafts_per_company", CONFIG_INTEGER, "1000", 1, 1000000, 0, NULL,
     "listings of a company that are not published; imports may make more", NULL},
    {NULL, CONFIG_TEXT, NULL, 0, 0, 0, NULL, NULL, NULL},
};

static const struct data_check *const checks[] = {
    &period_shortest_check,
    &cancelled_late_check,
    &unit_count_check,
    &includes_check,
    &spaces_check,
    &listing_change_check,
    &draft_limit_data,
    &projection_drift_check,
    &fact_key_check,
    NULL, // with a comment at a line's end clang-format makes no columns
};

static const struct background_job_kind background_jobs[] = {
    {COMPANY_LISTINGS_JOB, company_listings_project},
    {ERASURE_JOB, erased_user_forget},
    {TYPE_RULES_JOB, type_rules_project},
    {NULL, NULL},
};

static const struct daemon_command commands[] = {
    {"import", "FILE: loads listings and bookings from NDJSON", bulk_import},
    {"export", "FILE: writes all listings and bookings as the import takes them", bulk_export},
    {"rebuild-search", "makes what search reads anew from listings and bookings", rebuild_command},
    {NULL, NULL, NULL},
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
	    .name = "events",
	    .port = 7002,
	    .api = events_api,
	    .migrations = events_migrations,
	    .fact_lists = events_fact_lists,
	    .handlers = handlers,
	    .fact_handlers = fact_handlers,
	    .options = options,
	    .own_facts = &letters_own,
	    .background_jobs = background_jobs,
	    .commands = commands,
	    .checks = checks,
	    .start = events_start,
	    .stop = events_stop,
	};
	return daemon_main(argc, argv, &spec);
}
