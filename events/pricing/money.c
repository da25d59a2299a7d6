#include "pricing/money.h"

#include "base/fault.h"

static bool is_amount(__int128 value)
{
	return value >= -MONEY_MAX && value <= MONEY_MAX;
}

/* Division of C cuts towards zero. */
static __int128 divide_rounded(__int128 value, int64_t whole)
{
	__int128 rest = value % whole;
	int away = value < 0 ? -1 : 1;
	bool half_or_more = 2 * rest * away >= whole;
	return value / whole + (half_or_more && !FAULT("price.round") ? away : 0);
}

bool money_share(int64_t amount, int64_t part, int64_t whole, int64_t *ret)
{
	__int128 share = divide_rounded((__int128)amount * part, whole);
	if (!is_amount(share))
		return false;
	*ret = (int64_t)share;
	return true;
}

int64_t money_fraction(int64_t amount, int64_t part, int64_t whole)
{
	return (int64_t)divide_rounded((__int128)amount * part, whole);
}

bool money_add(int64_t one, int64_t other, int64_t *ret)
{
	__int128 sum = (__int128)one + other;
	if (!is_amount(sum))
		return false;
	*ret = (int64_t)sum;
	return true;
}
