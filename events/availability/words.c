#include "availability/words.h"

#include "base/civil.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DETAILS_MOST 4096 /* bytes */
#define MINUTE (60 * CLOCK_SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct sentences {
	const char *rule;
	const char *text[WORDS_LANGUAGES]; /* {name} stands for a value */
};

static const char *const languages[WORDS_LANGUAGES] = {"en", "ru"};

/* The first of a rule whose values are all there is taken. */
static const struct sentences table[] = {
    //
    {"in_past", {"The period begins in the past.", "Начало периода уже прошло."}},
    {"notice",
     {"Bookings are taken at least {notice_seconds} ahead: from {earliest} on.",
      "Бронировать нужно не позднее чем за {notice_seconds} до начала: начало не раньше {earliest}."}},
    {"horizon",
     {"Bookings end within {maximum_days} days from now: by {latest}.",
      "Бронирование должно закончиться в пределах {maximum_days} дн. от сегодняшнего дня: до {latest}."}},
    {"min_duration",
     {"The shortest booking takes {minimum_seconds}.", "Самое короткое бронирование: {minimum_seconds}."}},
    {"min_duration",
     {"The shortest booking takes {minimum_nights} nights.", "Самое короткое бронирование, ночей: {minimum_nights}."}},
    {"min_duration",
     {"The shortest booking takes {minimum_days} days.", "Самое короткое бронирование, дней: {minimum_days}."}},
    {"max_duration",
     {"The longest booking takes {maximum_seconds}.", "Самое длинное бронирование: {maximum_seconds}."}},
    {"max_duration",
     {"The longest booking takes {maximum_nights} nights.", "Самое длинное бронирование, ночей: {maximum_nights}."}},
    {"max_duration",
     {"The longest booking takes {maximum_days} days.", "Самое длинное бронирование, дней: {maximum_days}."}},
    {"step", {"The length goes in steps of {step_seconds}.", "Длительность должна быть кратна {step_seconds}."}},
    {"start_grid",
     {"Bookings begin on the clock every {grid_seconds}, counted from midnight.",
      "Начало возможно через каждые {grid_seconds}, считая от полуночи."}},
    {"closed",
     {"Closed from {closed_from} to {closed_to}: {note}.", "Закрыто с {closed_from} до {closed_to}: {note}."}},
    {"closed", {"Closed from {closed_from} to {closed_to}.", "Закрыто с {closed_from} до {closed_to}."}},
    {"session",
     {"Sessions are booked whole: from {session_from} to {session_to}.",
      "Сеанс бронируется целиком: с {session_from} до {session_to}."}},
    {"session", {"Sessions are booked whole, one at a time.", "Сеанс бронируется целиком, по одному."}},
    {"unit_grid",
     {"Whole dates are booked: from {whole_from} to {whole_to}.",
      "Бронируются целые даты: с {whole_from} до {whole_to}."}},
    {"unit_grid",
     {"Whole dates are booked, from opening to closing.", "Бронируются целые даты, от открытия до закрытия."}},
    {"guests", {"At most {maximum_guests} guests find room.", "Гостей может быть не больше {maximum_guests}."}},
    {"user_bookings",
     {"You have as many bookings here as one may have at a time: {maximum}.",
      "У вас уже есть столько бронирований здесь, сколько допускается: {maximum}."}},
    {"user_bookings_per_day",
     {"You have as many bookings on this day as one may have: {maximum}.",
      "На этот день у вас уже есть столько бронирований, сколько допускается: {maximum}."}},
    {"user_time_per_day",
     {"With this you would have more time on this day than {maximum_seconds}.",
      "С этим бронированием у вас было бы больше времени за день, чем {maximum_seconds}."}},
    {"user_gap",
     {"Between two bookings of yours there must be {gap_seconds}.",
      "Между вашими бронированиями должно пройти {gap_seconds}."}},
    {"not_on_offer", {"The listing is not on offer.", "Объявление сейчас не опубликовано."}},
    {"units_missing", {"The listing has {units} units in all.", "Всего у объявления единиц: {units}."}},
    {"booked",
     {"Not enough is free from {booked_from}: {free} of the {wanted} that are wanted, since {shared_with} is booked.",
      "Не хватает свободных единиц с {booked_from}: свободно {free}, нужно {wanted}, так как забронировано "
      "{shared_with}."}},
    {"booked",
     {"Not enough is free from {booked_from}: {free} of the {wanted} that are wanted.",
      "Не хватает свободных единиц с {booked_from}: свободно {free}, нужно {wanted}."}},
};

/* --- values --- */

struct words_value words_number(struct arena *arena, const char *name, int64_t number)
{
	const char *text = arena_printf(arena, "%" PRId64, number);
	return (struct words_value){name, text, {text, text}};
}

/* "1 h 30 min"; what is 0 is left out. */
static const char *show_length(struct arena *arena, int64_t length, const char *const units[static 4])
{
	const int64_t sizes[] = {DAY, HOUR, MINUTE, CLOCK_SECOND};
	struct buffer text;
	buffer_init_arena(&text, arena, 128);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (length >= sizes[i])
			buffer_printf(&text, "%s%" PRId64 " %s", text.length > 0 ? " " : "", length / sizes[i],
				      units[i]);
		length %= sizes[i];
	}
	if (text.length == 0)
		buffer_printf(&text, "0 %s", units[2]);
	return buffer_text(&text);
}

struct words_value words_length(struct arena *arena, const char *name, int64_t microseconds)
{
	static const char *const english[] = {"d", "h", "min", "s"};
	static const char *const russian[] = {"дн.", "ч", "мин", "с"};
	return (struct words_value){
	    .name = name,
	    .json = arena_printf(arena, "%" PRId64, microseconds / CLOCK_SECOND),
	    .shown = {show_length(arena, microseconds, english), show_length(arena, microseconds, russian)},
	};
}

struct words_value words_instant(struct arena *arena, const char *name, const struct zone *zone, int64_t instant)
{
	char utc[CLOCK_TEXT_SIZE], local[CLOCK_TEXT_SIZE];
	clock_format(instant, utc);
	clock_format(zone_local(zone, instant), local);
	const char *shown = arena_printf(arena, "%.*s %.5s", CIVIL_TEXT_LENGTH, local, local + CIVIL_TEXT_LENGTH + 1);
	return (struct words_value){name, arena_printf(arena, "\"%s\"", utc), {shown, shown}};
}

struct words_value words_text(struct arena *arena, const char *name, const char *text)
{
	struct buffer json;
	buffer_init_arena(&json, arena, DETAILS_MOST);
	buffer_append_json_string(&json, text);
	return (struct words_value){name, buffer_text(&json), {text, text}};
}

/* --- sentences --- */

static const struct words_value *find_value(size_t count, const struct words_value *values, const char *name,
					    size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(values[i].name, name, length) == 0 && values[i].name[length] == '\0')
			return &values[i];
	return NULL;
}

/* Fills a text. False when it has room for a value that is not there. */
static bool fill(const char *text, enum words_language language, size_t count, const struct words_value *values,
		 struct buffer *out)
{
	for (const char *open = strchr(text, '{'); open; open = strchr(text, '{')) {
		size_t length = strcspn(open + 1, "}");
		const struct words_value *value = find_value(count, values, open + 1, length);
		if (!value)
			return false;
		buffer_append(out, text, (size_t)(open - text));
		buffer_append_text(out, value->shown[language]);
		text = open + length + 2;
	}
	buffer_append_text(out, text);
	return true;
}

static const char *sentence(struct arena *arena, const char *rule, enum words_language language, size_t count,
			    const struct words_value *values)
{
	struct buffer text;
	buffer_init_arena(&text, arena, DETAILS_MOST);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		buffer_reset(&text);
		if (strcmp(table[i].rule, rule) == 0 && fill(table[i].text[language], language, count, values, &text))
			return buffer_text(&text);
	}
	return rule;
}

static const char *details(struct arena *arena, size_t count, const struct words_value *values)
{
	struct buffer text;
	buffer_init_arena(&text, arena, DETAILS_MOST);
	for (size_t i = 0; i < count; i++)
		buffer_printf(&text, "%s\"%s\":%s", i > 0 ? "," : "", values[i].name, values[i].json);
	return count > 0 ? buffer_text(&text) : NULL;
}

struct refusal words_refusal(struct arena *arena, const char *rule, size_t count, const struct words_value *values)
{
	struct refusal refusal = {.rule = rule, .details = details(arena, count, values)};
	for (int i = 0; i < WORDS_LANGUAGES; i++)
		refusal.words[i] = sentence(arena, rule, (enum words_language)i, count, values);
	return refusal;
}

static void append_all(struct buffer *out, const struct refusal *refusal)
{
	for (int i = 0; i < WORDS_LANGUAGES; i++) {
		buffer_printf(out, "%s\"%s\":", i > 0 ? "," : "{", languages[i]);
		buffer_append_json_string(out, refusal->words[i]);
	}
	buffer_append_char(out, '}');
}

void words_append(struct buffer *out, const struct refusal *refusal, const char *language)
{
	buffer_printf(out, "{\"rule\":\"%s\",", refusal->rule);
	if (refusal->details)
		buffer_printf(out, "%s,", refusal->details);
	buffer_append_text(out, "\"message\":");
	int only = 0;
	while (only < WORDS_LANGUAGES && (!language || strcmp(languages[only], language) != 0))
		only++;
	if (only < WORDS_LANGUAGES)
		buffer_append_json_string(out, refusal->words[only]);
	else
		append_all(out, refusal);
	buffer_append_char(out, '}');
}
