#include "pricing/refund.h"

#include "base/buffer.h"
#include "base/fault.h"
#include "pricing/money.h"

#define HOUR (3600 * CLOCK_SECOND)
#define POLICY_MAX 65536

/* The part that is given back at a moment. */
static int32_t step_at(const struct refund_step *steps, size_t count, int64_t start, int64_t now)
{
	for (size_t i = 0; i < count; i++)
		if (now <= start - steps[i].until_hours * HOUR)
			return steps[i].refund_bp;
	return 0;
}

static bool is_refundable(const struct price_line *line, enum refund_cause cause)
{
	return line->kind != PRICE_TAX && (line->refundable || cause == REFUND_COMPANY || FAULT("refund.base"));
}

static int64_t with_tax(const struct price_line *line)
{
	return line->amount + line->tax_added;
}

/* The sum of what can be refunded: between 0 and the total, whatever small lines below 0 do to taxes that are rounded.
 */
static int64_t refundable(const struct price *price, enum refund_cause cause)
{
	int64_t sum = 0;
	for (size_t i = 0; i < price->count; i++)
		sum += is_refundable(&price->lines[i], cause) ? with_tax(&price->lines[i]) : 0;
	if (cause == REFUND_COMPANY || sum > price->total)
		return price->total;
	return sum > 0 ? sum : 0;
}

void refund_compute(const struct refund_step *steps, size_t count, const struct price *price, int64_t start,
		    int64_t now, enum refund_cause cause, int64_t paid, struct refund *ret)
{
	*ret = (struct refund){.refund_bp = MONEY_BASIS};
	if (cause != REFUND_COMPANY)
		ret->refund_bp = step_at(steps, count, start, cause == REFUND_NO_SHOW ? start : now);
	ret->refunded = money_fraction(refundable(price, cause), ret->refund_bp, MONEY_BASIS);
	ret->fee = price->total - ret->refunded;
	ret->due = paid > ret->fee ? paid - ret->fee : 0;
}

/* The largest refundable line, of equal ones the first; count when there is none. */
static size_t largest(const struct price *price, enum refund_cause cause)
{
	size_t best = price->count;
	for (size_t i = 0; i < price->count; i++) {
		if (!is_refundable(&price->lines[i], cause))
			continue;
		if (best == price->count || with_tax(&price->lines[i]) > with_tax(&price->lines[best]))
			best = i;
	}
	return best;
}

const struct refund_line *refund_lines(struct arena *arena, const struct price *price, const struct refund *refund,
				       enum refund_cause cause)
{
	struct refund_line *lines = arena_zalloc(arena, price->count * sizeof(*lines));
	int64_t left = refund->refunded, taxes = 0, taxes_left = 0;
	for (size_t i = 0; i < price->count; i++) {
		const struct price_line *line = &price->lines[i];
		if (!is_refundable(line, cause))
			continue;
		lines[i].amount = money_fraction(with_tax(line), refund->refund_bp, MONEY_BASIS);
		lines[i].tax = money_fraction(line->tax_included + line->tax_added, refund->refund_bp, MONEY_BASIS);
		left -= lines[i].amount;
		taxes += line->tax_included + line->tax_added;
		taxes_left -= lines[i].tax;
	}
	size_t best = largest(price, cause);
	if (best < price->count) {
		lines[best].amount += left;
		lines[best].tax += money_fraction(taxes, refund->refund_bp, MONEY_BASIS) + taxes_left;
	}
	return lines;
}

const char *refund_policy_json(struct arena *arena, const struct booking_rules *rules)
{
	struct buffer out;
	buffer_init_arena(&out, arena, POLICY_MAX);
	for (size_t i = 0; i < rules->refund_count; i++)
		buffer_printf(&out, "%c{\"until_hours_before_start\":%lld,\"refund_bp\":%d}", i > 0 ? ',' : '[',
			      (long long)rules->refunds[i].until_hours, (int)rules->refunds[i].refund_bp);
	buffer_append_text(&out, rules->refund_count > 0 ? "]" : "[]");
	return buffer_text(&out);
}
