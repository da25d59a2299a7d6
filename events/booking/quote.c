#include "booking/booking.h"

#include "booking/check.h"
#include "booking/quote_answer.h"
#include "booking/store/terms.h"
#include "booking/store/wish.h"

int booking_quote(struct rpc_call *call)
{
	struct wish wish;
	if (wish_read(call, false, &wish))
		return -1;
	struct terms terms;
	if (terms_read(call, rpc_param(call, "listing_id"), &terms))
		return -1;
	if (!terms.on_offer)
		return rpc_not_found(call, "listing");
	if (wish_resolve(call, &terms, &wish))
		return -1;
	struct price_request request = wish_for_price(&wish, terms.now);
	struct price price;
	if (price_compute(call, &terms.rules, &terms.pricing, &request, &price))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct verdict verdict;
	const char *answer =
	    check_judge(call, tx, &terms, &wish, rpc_caller_id(call), rpc_param(call, "hold_id"), &verdict)
		? NULL
		: quote_answer(call, tx, &terms, &wish, &price, &verdict, NULL);
	return answer ? rpc_commit_text(call, tx, answer) : -1;
}
