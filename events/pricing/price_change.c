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
	if (line->kind == PRICE_TIME || line->kind == PRICE_ADJUSTMENT || line->kind == PRICE_SHORTENED ||
	    line->kind == PRICE_OVERRIDE)
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

/* What so much of a whole has of an amount; 0 of a whole that is nothing, and never more than all. */
static int64_t share(int64_t amount, int64_t part, int64_t whole)
{
	if (whole <= 0)
		return 0;
	return part < whole ? money_fraction(amount, part, whole) : amount;
}

static struct price_line *more_lines(struct arena *arena, const struct price *price, size_t more)
{
	struct price_line *lines = arena_zalloc(arena, (price->count + more) * sizeof(*lines));
	if (price->count > 0)
		memcpy(lines, price->lines, price->count * sizeof(*lines));
	return lines;
}

static struct price_tax_sum *more_sums(struct arena *arena, const struct price *price, size_t more)
{
	struct price_tax_sum *sums = arena_zalloc(arena, (price->tax_count + more) * sizeof(*sums));
	if (price->tax_count > 0)
		memcpy(sums, price->tax_sums, price->tax_count * sizeof(*sums));
	return sums;
}

/* One line of a kind, however often something is given back: a price does not grow by it. There is room for one more.
 */
static void add_to_line(struct price_line *lines, size_t *count, const struct price_line *value)
{
	if (value->amount == 0)
		return;
	struct price_line *line = lines;
	while (line < lines + *count && line->kind != value->kind)
		line++;
	if (line == lines + *count) {
		lines[(*count)++] = *value;
		return;
	}
	line->amount += value->amount;
	line->tax_included += value->tax_included;
}

static int64_t kept_of(const struct price *price)
{
	int64_t kept = 0;
	for (size_t i = 0; i < price->count; i++)
		kept += price->lines[i].kind == PRICE_KEPT ? price->lines[i].amount : 0;
	return kept;
}

static bool is_same_tax(const struct price_tax_sum *one, const struct price_tax_sum *other)
{
	return one->rate_bp == other->rate_bp && strcmp(one->name, other->name) == 0;
}

/* What of a tax lies in what was not kept: in the sum of its lines and in that of the amounts together, so that it is
 * rounded once. 0 for the second of both. */
static int64_t tax_not_kept(const struct price *price, size_t index)
{
	int64_t amount = 0;
	for (size_t i = 0; i < price->tax_count; i++) {
		const struct price_tax_sum *sum = &price->tax_sums[i];
		bool same = is_same_tax(sum, &price->tax_sums[index]);
		if (same && i < index)
			return 0;
		amount += same ? sum->amount - sum->kept : 0;
	}
	return amount;
}

/* The share of a tax in so much of what was not kept before: that has taxes of its own. */
static int64_t tax_share(const struct price *price, size_t index, int64_t part)
{
	return share(tax_not_kept(price, index), part, price->total - kept_of(price));
}

/* The sum of a tax that is in the lines' amounts, a new one where there is none. There is room for it. */
static struct price_tax_sum *included_sum(struct price_tax_sum *sums, size_t *count, const struct price_tax_sum *like)
{
	for (size_t i = 0; i < *count; i++)
		if (sums[i].included && is_same_tax(&sums[i], like))
			return &sums[i];
	sums[*count] = (struct price_tax_sum){.name = like->name, .rate_bp = like->rate_bp, .included = true};
	return &sums[(*count)++];
}

/* The taxes of what is refunded and of what is kept of `before`, all in the amounts of their lines: what is added on
 * top stands in lines, which stay. */
struct taxes {
	int64_t refunded, kept;
};

static struct taxes give_back_taxes(struct arena *arena, const struct price *before, int64_t given, int64_t refunded,
				    struct price *price)
{
	struct price_tax_sum *sums = more_sums(arena, before, before->tax_count);
	struct taxes taxes = {0, 0};
	for (size_t i = 0; i < before->tax_count; i++) {
		struct taxes of = {.refunded = tax_share(before, i, refunded)};
		of.kept = tax_share(before, i, given) - of.refunded;
		if (of.refunded == 0 && of.kept == 0)
			continue;
		struct price_tax_sum *sum = included_sum(sums, &price->tax_count, &before->tax_sums[i]);
		sum->amount -= of.refunded;
		sum->kept += of.kept;
		taxes.refunded += of.refunded;
		taxes.kept += of.kept;
	}
	price->tax_sums = sums;
	price->taxes -= taxes.refunded;
	return taxes;
}

void price_shorten(struct arena *arena, const struct price *price, int64_t back, int64_t length, int32_t refund_bp,
		   struct price *ret)
{
	int64_t given = money_fraction(of_time(price), back, length);
	int64_t refunded = money_fraction(given, refund_bp, MONEY_BASIS), kept = given - refunded;
	*ret = *price;
	if (given == 0)
		return;
	ret->total -= refunded;
	ret->deposit = share(price->deposit, ret->total, price->total);
	struct taxes taxes = give_back_taxes(arena, price, given, refunded, ret);
	const struct price_line shortened = {.kind = PRICE_SHORTENED,
					     .amount = -given,
					     .tax_included = -taxes.refunded - taxes.kept,
					     .refundable = true};
	const struct price_line keeps = {.kind = PRICE_KEPT, .amount = kept, .tax_included = taxes.kept};
	struct price_line *lines = more_lines(arena, price, 2);
	add_to_line(lines, &ret->count, &shortened);
	add_to_line(lines, &ret->count, &keeps);
	ret->lines = lines;
}

/* What of it is not refundable, but for what was kept. */
static int64_t fixed_of(const struct price *price)
{
	int64_t fixed = 0;
	for (size_t i = 0; i < price->count; i++) {
		const struct price_line *line = &price->lines[i];
		if (line->kind != PRICE_KEPT && line->kind != PRICE_TAX && !line->refundable)
			fixed += with_tax(line);
	}
	return fixed;
}

/* The taxes in what was kept of the price before, and in so much more of it, all of them in the amount of their line;
 * their sum. */
static int64_t add_kept_taxes(struct arena *arena, const struct price *before, int64_t more, struct price *price)
{
	struct price_tax_sum *sums = more_sums(arena, price, before->tax_count);
	int64_t taxes = 0;
	for (size_t i = 0; i < before->tax_count; i++) {
		const struct price_tax_sum *of = &before->tax_sums[i];
		int64_t kept = of->kept + tax_share(before, i, more);
		if (kept == 0)
			continue;
		struct price_tax_sum *sum = included_sum(sums, &price->tax_count, of);
		sum->amount += kept;
		sum->kept += kept;
		taxes += kept;
	}
	price->tax_sums = sums;
	price->taxes += taxes;
	return taxes;
}

bool price_replace(struct arena *arena, const struct price *before, const struct price *now, int32_t refund_bp,
		   bool refund_all, struct price *ret)
{
	int64_t kept = kept_of(before), lost = fixed_of(before) - fixed_of(now);
	int64_t less = before->total - kept - now->total;
	*ret = *now;
	lost = lost < 0 ? 0 : lost;
	int64_t open = less > lost ? less - lost : 0;
	int64_t more = refund_all ? 0 : lost + open - money_fraction(open, refund_bp, MONEY_BASIS);
	if (kept + more == 0)
		return true;
	struct price_line *lines = more_lines(arena, now, 1);
	const struct price_line keeps = {
	    .kind = PRICE_KEPT, .amount = kept + more, .tax_included = add_kept_taxes(arena, before, more, ret)};
	add_to_line(lines, &ret->count, &keeps);
	ret->lines = lines;
	if (!money_add(now->total, kept + more, &ret->total))
		return false;
	ret->deposit = now->total > 0 ? money_fraction(now->deposit, ret->total, now->total) : 0;
	return true;
}
