#include "booking/store/take.h"

#include "base/fault.h"

int take_units(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
	       const char *replaces, struct unit_choice *ret)
{
	struct unit_request request = {
	    .listing_id = terms->listing_id,
	    .from = wish->taken.from,
	    .to = wish->taken.to,
	    .wanted = wish->units,
	    .units = terms->rules.units,
	    .overbooking = terms->rules.overbooking,
	    .named = terms->rules.named,
	    .numbers = wish->numbers,
	    .replaces = replaces,
	};
	if (FAULT("booking.units")) { /* the constraint of the database is what is left */
		*ret = (struct unit_choice){.numbers = "{1}"};
		return 0;
	}
	return unit_allocate(call, tx, &request, ret);
}
