#include "bulk/bulk.h"

#include "bulk/bulk_booking.h"
#include "bulk/bulk_check.h"
#include "bulk/bulk_listing.h"
#include "catalogue/catalogue.h"
#include "daemon/import.h"
#include "events.h"
#include "telemetry/log.h"

static int load(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines, size_t count)
{
	if (bulk_listing_load(call, tx, lines, count))
		return -1;
	return bulk_booking_load(call, tx, lines, count);
}

int bulk_import(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	static const struct import_spec spec = {.check = bulk_check, .load = load};
	struct events *events = worker->app;
	if (catalogue_current(ctx, events->catalogue)) {
		log_error_of(LOG_ERROR, ctx, "the catalogue cannot be read");
		return 1;
	}
	return import_run(worker, ctx, argc, argv, &spec);
}
