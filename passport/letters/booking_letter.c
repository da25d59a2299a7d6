#include "letters/booking_letter.h"

#include "base/clock.h"
#include "letters/letter_words.h"
#include "letters/mail_words.h"
#include "zone/zone.h"
#include "json/tree.h"

#include <string.h>

#define MOST_CURRENCY 20

static const struct {
	const char *template_name, *kind;
} kinds[] = {
    {"booking_requested", "requests"}, //
    {"booking_waiting", "requests"},   {"booking_approved", "bookings"},  {"booking_confirmed", "bookings"},
    {"booking_offered", "bookings"},   {"booking_declined", "bookings"},  {"booking_expired", "bookings"},
    {"booking_changed", "bookings"},   {"booking_cancelled", "bookings"}, {"booking_reminder", "reminders"},
};

/* What is being filled in. */
struct filling {
	struct context *ctx;
	struct json_object *values;
	struct mail_letter *letter;
	const struct zone *zone;
	const char *zone_name;
};

/* Sets the zone that times are told in from now on. */
static int set_zone(struct filling *filling, const char *name)
{
	filling->zone_name = name;
	filling->zone = name ? zone_find(name) : NULL;
	if (filling->zone)
		return 0;
	return context_fail_internal(filling->ctx, "the system knows no zone %s", name ? name : "");
}

const char *booking_letter_kind(const char *template_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].template_name, template_name) == 0)
			return kinds[i].kind;
	return NULL;
}

static const char *label(const struct filling *filling, const char *english, const char *russian)
{
	return strcmp(filling->letter->locale, "ru") == 0 ? russian : english;
}

/* A member of an object, NULL when it is missing or null. */
static const char *text_of(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_object_get(object, name);
	return value ? json_object_get_string(value) : NULL;
}

static int64_t instant_of(struct json_object *object, const char *name)
{
	const char *text = text_of(object, name);
	int64_t instant = 0;
	return text && clock_parse(text, &instant) ? instant : 0;
}

static void add_words(struct filling *filling, const char *name, const char *english, const char *russian)
{
	mail_letter_line_words(filling->ctx, filling->letter, label(filling, english, russian),
			       text_of(filling->values, name));
}

/* A number above `least`. */
static void add_number(struct filling *filling, const char *name, int64_t least, const char *english,
		       const char *russian)
{
	struct json_object *value = json_object_object_get(filling->values, name);
	long long number = value ? (long long)json_object_get_int64(value) : 0;
	if (value && number > least)
		mail_letter_line(filling->letter, label(filling, english, russian),
				 arena_printf(&filling->ctx->arena, "%lld", number));
}

static void add_money(struct filling *filling, const char *name, const char *english, const char *russian)
{
	struct json_object *money = json_object_object_get(filling->values, name);
	const char *currency = money ? text_of(money, "currency") : NULL;
	if (!currency)
		return;
	struct arena *arena = &filling->ctx->arena;
	int64_t amount = json_object_get_int64(json_object_object_get(money, "amount"));
	const char *code = mail_words(arena, currency, MOST_CURRENCY);
	mail_letter_line(filling->letter, label(filling, english, russian),
			 letter_money(arena, filling->letter->locale, amount, code));
}

/* One of several listings has its own zone. */
static int add_period(struct filling *filling, struct json_object *period)
{
	const char *zone = text_of(period, "time_zone");
	if (zone && set_zone(filling, zone))
		return -1;
	struct arena *arena = &filling->ctx->arena;
	int64_t from = instant_of(period, "from"), to = instant_of(period, "to");
	const char *locale = filling->letter->locale, *what = text_of(period, "listing");
	const char *when = letter_period(arena, locale, filling->zone, from, to);
	const char *where = letter_zone(arena, locale, filling->zone_name, filling->zone, from, to);
	if (what)
		mail_letter_line_words(filling->ctx, filling->letter, label(filling, "Venue", "Площадка"), what);
	mail_letter_line(filling->letter, label(filling, "When", "Когда"), arena_printf(arena, "%s (%s)", when, where));
	return 0;
}

static int add_periods(struct filling *filling)
{
	struct json_object *periods = json_object_object_get(filling->values, "periods");
	for (size_t i = 0; i < json_object_array_length(periods); i++)
		if (add_period(filling, json_object_array_get_idx(periods, i)))
			return -1;
	add_number(filling, "more", 0, "Further dates", "Ещё дат");
	return set_zone(filling, text_of(filling->values, "time_zone"));
}

/* By when something is to be answered. */
static void add_answer(struct filling *filling)
{
	struct arena *arena = &filling->ctx->arena;
	const char *locale = filling->letter->locale;
	int64_t until = instant_of(filling->values, "answer_by");
	if (until == 0)
		return;
	const char *when = letter_time(arena, locale, filling->zone, until);
	const char *where = letter_zone(arena, locale, filling->zone_name, filling->zone, until, until);
	mail_letter_line(filling->letter, label(filling, "To be answered by", "Ответить до"),
			 arena_printf(arena, "%s (%s)", when, where));
}

int booking_letter_fill(struct context *ctx, struct json_object *values, struct mail_letter *letter)
{
	struct filling filling = {.ctx = ctx, .values = values, .letter = letter};
	mail_letter_set_words(ctx, letter, "listing", text_of(values, "listing"));
	if (set_zone(&filling, text_of(values, "time_zone")) || add_periods(&filling))
		return -1;
	add_answer(&filling);
	add_number(&filling, "units", 1, "Units", "Количество");
	add_number(&filling, "guests", 0, "Guests", "Гостей");
	add_money(&filling, "price", "Price", "Цена");
	add_money(&filling, "fee", "Fee for the cancellation", "Плата за отмену");
	add_money(&filling, "refund", "To be paid back", "К возврату");
	add_words(&filling, "customer", "Customer", "Клиент");
	add_words(&filling, "phone", "Telephone", "Телефон");
	add_words(&filling, "note", "Note", "Пожелания");
	add_words(&filling, "reason", "Reason", "Причина");
	add_words(&filling, "booking_id", "Number", "Номер");
	return 0;
}
