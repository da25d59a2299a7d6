#include "pricing/price_change.h"

#include "pricing/money.h"
#include "pricing/refund.h"

#include <string.h>

static int64_t with_tax(const struct price_line *line)
{
	return line->amount + line->tax_added;
}

static bool grows_with_time(const struct price_line *line)
{
	static const char *const others[] = {"booking", "unit", "guest"};
	if (line->kind == PRICE_TIME || line->kind == PRICE_ADJUSTMENT || line->kind == PRICE_SHORTENED)
		return true;
	if (line->kind != PRICE_EXTRA || !line->per)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(line->per, others[i]) == 0)
			return false;
	return true;
}

/* What of the price goes with time and may be refunded: between 0 and the total. */
static int64_t of_time(const struct price *price)
{
	int64_t sum = 0;
	for (size_t i = 0; i < price->count; i++)
		if (price->lines[i].refundable && grows_with_time(&price->lines[i]))
			sum += with_tax(&price->lines[i]);
	return sum < 0 ? 0 : sum > price->total ? price->total : sum;
}

/* A share of the price's taxes, as large as that of its total. */
static int64_t tax_of(const struct price *price, int64_t amount)
{
	return price->total > 0 ? money_fraction(price->taxes, amount, price->total) : 0;
}

static struct price_line *more_lines(struct arena *arena, const struct price *price, size_t more)
{
	struct price_line *lines = arena_zalloc(arena, (price->count + more) * sizeof(*lines));
	if (price->count > 0)
		memcpy(lines, price->lines, price->count * sizeof(*lines));
	return lines;
}

/* Its sums of taxes and its deposit become less as its total does. */
static void reduce_sums(struct arena *arena, const struct price *before, struct price *price)
{
	struct price_tax_sum *sums = arena_zalloc(arena, (price->tax_count + 1) * sizeof(*sums));
	if (before->total <= 0)
		return;
	for (size_t i = 0; i < price->tax_count; i++) {
		sums[i] = before->tax_sums[i];
		sums[i].amount = money_fraction(sums[i].amount, price->total, before->total);
	}
	price->tax_sums = sums;
	price->deposit = money_fraction(before->deposit, price->total, before->total);
}

void price_shorten(struct arena *arena, const struct price *price, int64_t back, int64_t length, int32_t refund_bp,
		   struct price *ret)
{
	int64_t given = money_fraction(of_time(price), back, length);
	int64_t refunded = money_fraction(given, refund_bp, MONEY_BASIS), kept = given - refunded;
	*ret = *price;
	if (given == 0)
		return;
	struct price_line *lines = more_lines(arena, price, 2);
	lines[ret->count++] = (struct price_line){
	    .kind = PRICE_SHORTENED, .amount = -given, .tax_included = -tax_of(price, given), .refundable = true};
	if (kept > 0)
		lines[ret->count++] = (struct price_line){
		    .kind = PRICE_KEPT, .amount = kept, .tax_included = tax_of(price, given) - tax_of(price, refunded)};
	ret->lines = lines;
	ret->total -= refunded;
	ret->taxes -= tax_of(price, refunded);
	reduce_sums(arena, price, ret);
}

/* What was kept of it before, and what else of it is not refundable. */
static void fixed_parts(const struct price *price, int64_t *ret_kept, int64_t *ret_other)
{
	*ret_kept = *ret_other = 0;
	for (size_t i = 0; i < price->count; i++) {
		const struct price_line *line = &price->lines[i];
		if (line->kind == PRICE_KEPT)
			*ret_kept += line->amount;
		else if (line->kind != PRICE_TAX && !line->refundable)
			*ret_other += with_tax(line);
	}
}

bool price_replace(struct arena *arena, const struct price *before, const struct price *now, int32_t refund_bp,
		   bool refund_all, struct price *ret)
{
	int64_t kept = 0, fixed_before = 0, none = 0, fixed_now = 0;
	fixed_parts(before, &kept, &fixed_before);
	fixed_parts(now, &none, &fixed_now);
	int64_t less = before->total - kept - now->total, lost = fixed_before - fixed_now;
	*ret = *now;
	lost = lost < 0 ? 0 : lost;
	int64_t open = less > lost ? less - lost : 0;
	kept += refund_all ? 0 : lost + open - money_fraction(open, refund_bp, MONEY_BASIS);
	if (kept == 0)
		return true;
	struct price_line *lines = more_lines(arena, now, 1);
	lines[ret->count++] =
	    (struct price_line){.kind = PRICE_KEPT, .amount = kept, .tax_included = tax_of(before, kept)};
	ret->lines = lines;
	ret->taxes += tax_of(before, kept);
	return money_add(now->total, kept, &ret->total);
}
