#include "availability/user_limits.h"

#include "base/clock.h"
#include "rpc/call.h"

#define TIME_WITHIN(day)                                                                                  \
	"coalesce(sum(CASE WHEN b.period && " day " THEN extract(epoch FROM upper(b.period * " day ") - " \
	"lower(b.period * " day ")) * 1000000 END), 0)::bigint"

/* Of the user at the listing: all; those that begin on the day $4; the time that is theirs of that day, and of the day
 * $7; those within the gap $5. $3: the clock. $6: without this one. */
static const char COUNT_OWN[] =
    "SELECT count(*), count(*) FILTER (WHERE lower(b.period) <@ $4::tstzrange), " TIME_WITHIN("$4::tstzrange") ", " TIME_WITHIN(
	"$7::tstzrange") ", count(*) FILTER (WHERE b.period && $5::tstzrange) "
			 "FROM booking b WHERE b.user_id = $1 AND b.listing_id = $2 AND b.kind = 'booking' "
			 "AND b.state IN ('held', 'requested', 'confirmed') AND (b.expires_at IS NULL OR b.expires_at > $3::timestamptz) "
			 "AND upper(b.period) > $3::timestamptz AND b.id IS DISTINCT FROM $6::uuid";
enum { BOOKINGS, OF_DAY, TIME_OF_FIRST, TIME_OF_LAST, WITHIN_GAP };

static bool limited(const struct booking_rules *rules)
{
	return rules->bookings_per_user > 0 || rules->bookings_per_user_per_day > 0 ||
	       rules->time_per_user_per_day > 0 || rules->gap_per_user > 0;
}

static struct span day_of(const struct zone *zone, int64_t date)
{
	return (struct span){zone_day_start(zone, date), zone_day_start(zone, date + 1)};
}

static const char *day_text(struct arena *arena, const struct zone *zone, int64_t date)
{
	struct span day = day_of(zone, date);
	return pg_range_text(arena, day.from, day.to);
}

static struct pg_result *count_own(struct rpc_call *call, struct pg_tx *tx, const struct booking_rules *rules,
				   const struct user_wish *wish)
{
	struct arena *arena = &call->ctx->arena;
	int64_t gap = rules->gap_per_user;
	char now[CLOCK_TEXT_SIZE];
	clock_format(wish->now, now);
	const char *const values[] = {
	    wish->user_id,
	    wish->listing_id,
	    now,
	    day_text(arena, rules->zone, zone_day(rules->zone, wish->period.from)),
	    pg_range_text(arena, wish->period.from - gap, wish->period.to + gap),
	    wish->without,
	    day_text(arena, rules->zone, zone_day(rules->zone, wish->period.to - 1)),
	};
	return tx ? pg_query_values(call->ctx, tx, COUNT_OWN, ARRAY_SIZE(values), values)
		  : pg_read_values(call->ctx, call->db, COUNT_OWN, ARRAY_SIZE(values), values);
}

/* How much of the period lies in the day. */
static int64_t within(const struct span *period, const struct span *day)
{
	int64_t from = period->from > day->from ? period->from : day->from;
	int64_t to = period->to < day->to ? period->to : day->to;
	return to - from;
}

/* The most time that would be theirs of a day that the period touches. Days between its first and its last are its own,
 * whole. */
static int64_t longest_day(const struct booking_rules *rules, const struct span *period, const struct pg_result *own)
{
	int64_t first = zone_day(rules->zone, period->from), last = zone_day(rules->zone, period->to - 1), most = 0;
	for (int64_t date = first; date <= last && date - first <= HOURS_DATES_MOST; date++) {
		struct span day = day_of(rules->zone, date);
		int64_t booked = date == first	? pg_integer(own, 0, TIME_OF_FIRST)
				 : date == last ? pg_integer(own, 0, TIME_OF_LAST)
						: 0;
		int64_t time = booked + within(period, &day);
		most = time > most ? time : most;
	}
	return most;
}

/* What has been counted, and where what it forbids goes. */
struct judgement {
	const struct pg_result *own;
	struct arena *arena;
	struct verdict *verdict;
};

static void forbid(const struct judgement *judgement, const char *rule, struct words_value value)
{
	verdict_add(judgement->verdict, words_refusal(judgement->arena, rule, 1, &value));
}

static int64_t counted(const struct judgement *judgement, size_t column)
{
	return pg_integer(judgement->own, 0, column);
}

static void judge(const struct judgement *judgement, const struct booking_rules *rules, const struct span *period)
{
	struct arena *arena = judgement->arena;
	int most = rules->bookings_per_user, most_a_day = rules->bookings_per_user_per_day;
	int64_t time = rules->time_per_user_per_day;
	if (most > 0 && counted(judgement, BOOKINGS) >= most)
		forbid(judgement, "user_bookings", words_number(arena, "maximum", most));
	if (most_a_day > 0 && counted(judgement, OF_DAY) >= most_a_day)
		forbid(judgement, "user_bookings_per_day", words_number(arena, "maximum", most_a_day));
	if (time > 0 && longest_day(rules, period, judgement->own) > time)
		forbid(judgement, "user_time_per_day", words_length(arena, "maximum_seconds", time));
	if (rules->gap_per_user > 0 && counted(judgement, WITHIN_GAP) > 0)
		forbid(judgement, "user_gap", words_length(arena, "gap_seconds", rules->gap_per_user));
}

int user_limits_judge(struct rpc_call *call, struct pg_tx *tx, const struct booking_rules *rules,
		      const struct user_wish *wish, struct verdict *verdict)
{
	if (!wish->user_id || !limited(rules))
		return 0;
	struct pg_result *own = count_own(call, tx, rules, wish);
	if (!own)
		return -1;
	const struct judgement judgement = {own, &call->ctx->arena, verdict};
	judge(&judgement, rules, &wish->period);
	return 0;
}
