/* The formats currency, country, language-tag and time-zone: what they take is what the packages list. */
#include "base/macros.h"
#include "schema/code_list.h"
#include "unit.h"

#include <ftw.h>
#include <json-c/json.h>
#include <string.h>

#define ISO_CODES "/usr/share/iso-codes/json/iso_"
#define ZONEINFO "/usr/share/zoneinfo/"

typedef bool check(const char *text, size_t length);

static bool takes(check *format, const char *text)
{
	return format(text, strlen(text));
}

/* The entries of a list; of the file, which the caller gives back. */
static struct json_object *entries(const char *standard, struct json_object **ret_file)
{
	char path[200];
	(void)snprintf(path, sizeof(path), ISO_CODES "%s.json", standard);
	*ret_file = json_object_from_file(path);
	assert_non_null(*ret_file);
	return json_object_object_get(*ret_file, standard);
}

/* Whether an entry of the list has the code as that member; scope S, which stands for no language, aside. */
static bool listed(struct json_object *list, const char *member, const char *code)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *text = json_object_get_string(json_object_object_get(entry, member));
		const char *scope = json_object_get_string(json_object_object_get(entry, "scope"));
		if (text && strcmp(text, code) == 0 && !(scope && strcmp(scope, "S") == 0))
			return true;
	}
	return false;
}

/* All of two letters, against the list. */
static void compare_pairs(check *format, const char *standard, char first)
{
	struct json_object *file, *list = entries(standard, &file);
	size_t taken = 0;
	char code[] = "AA";
	for (int i = 0; i < 26 * 26; i++) {
		code[0] = (char)(first + i / 26);
		code[1] = (char)(first + i % 26);
		if (takes(format, code) != listed(list, "alpha_2", code))
			fail_msg("%s of %s", code, standard);
		taken += takes(format, code);
	}
	assert_true(taken > 150);
	json_object_put(file);
}

static void test_countries(void **state)
{
	(void)state;
	compare_pairs(code_is_country, "3166-1", 'A');
	assert_false(takes(code_is_country, "UK"));
	assert_false(takes(code_is_country, "ZZ"));
	assert_false(takes(code_is_country, "no"));
	assert_false(takes(code_is_country, "NOR"));
	assert_false(takes(code_is_country, ""));
}

static void test_currencies(void **state)
{
	(void)state;
	static const char *const without_minor_units[] = {"XAG", "XAU", "XBA", "XBB", "XBC", "XBD",   "XDR",
							  "XPD", "XPT", "XSU", "XTS", "XUA", "\x58XX"};
	static const char *const shared[] = {"EUR", "XAF", "XCD", "XOF", "XPF"};
	struct json_object *file, *list = entries("4217", &file);
	size_t taken = 0;
	char code[] = "AAA";
	for (int i = 0; i < 26 * 26 * 26; i++) {
		code[0] = (char)('A' + i / (26 * 26));
		code[1] = (char)('A' + i / 26 % 26);
		code[2] = (char)('A' + i % 26);
		if (takes(code_is_currency, code)) {
			assert_true(listed(list, "alpha_3", code));
			taken++;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(without_minor_units); i++) {
		assert_true(listed(list, "alpha_3", without_minor_units[i]));
		assert_false(takes(code_is_currency, without_minor_units[i]));
	}
	assert_int_equal(taken, json_object_array_length(list) - ARRAY_SIZE(without_minor_units));
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		assert_true(takes(code_is_currency, shared[i]));
	assert_false(takes(code_is_currency, "QQQ"));
	assert_false(takes(code_is_currency, "eur"));
	assert_false(takes(code_is_currency, "EU"));
	assert_false(takes(code_is_currency, "EURO"));
	json_object_put(file);
}

static void test_language_tags(void **state)
{
	(void)state;
	static const char *const good[] = {"en",      "nb",	    "en-GB",	   "nb-NO", "zh-Hant-TW",
					   "sr-Latn", "sr-Latn-RS", "yue-Hant-HK", "yue",   "ru-RU"};
	static const char *const bad[] = {
	    "",		 "xx",	     "en-UK",  "en-gb",	     "EN",	     "eng",	  "und",
	    "en-",	 "-GB",	     "en--GB", "en-GB-",     "en_GB",	     "en-Abcd",	  "en-latn",
	    "en-Latn-",	 "en-GB-GB", "en-GBR", "zh-Hant-ZZ", "en-Latn-GB-x", "en-LatnGB", "english",
	    "i-klingon", "en-x-a",   "e",      "en-GB-Latn", " en",	     "en\n"};
	compare_pairs(code_is_language_tag, "639-3", 'a');
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!takes(code_is_language_tag, good[i]))
			fail_msg("%s is refused", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (takes(code_is_language_tag, bad[i]))
			fail_msg("%s is taken", bad[i]);
}

static size_t zones;

static int compare_zone(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
	const char *name = path + strlen(ZONEINFO);
	(void)stat;
	(void)place;
	if (kind == FTW_D || strncmp(name, "posix/", 6) == 0 || strncmp(name, "right/", 6) == 0)
		return 0;
	bool is_zone = !strchr(name, '.') && strcmp(name, "Factory") != 0 && strcmp(name, "localtime") != 0 &&
		       strcmp(name, "leapseconds") != 0 && strcmp(name, "posixrules") != 0;
	if (takes(code_is_time_zone, name) != is_zone)
		print_error("%s\n", name);
	assert_int_equal(takes(code_is_time_zone, name), is_zone);
	zones += is_zone;
	return 0;
}

static void test_time_zones(void **state)
{
	(void)state;
	static const char *const bad[] = {"",		"Factory",	"localtime",   "posixrules",   "posix/UTC",
					  "right/UTC",	"utc",		"europe/oslo", "Europe",       "Europe/",
					  "Europe/Osl", "Europe/Osloo", "EST5EDT4",    "Mars/Olympus", "+01:00",
					  "<+07>-07",	"ZZZ",		" UTC"};
	assert_int_equal(nftw(ZONEINFO, compare_zone, 16, FTW_PHYS), 0);
	assert_true(zones > 400);
	assert_true(takes(code_is_time_zone, "Asia/Calcutta"));
	assert_true(takes(code_is_time_zone, "Etc/GMT+12"));
	assert_true(code_is_time_zone("UTCxyz", 3));
	assert_false(code_is_time_zone("UTC\0", 4));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (takes(code_is_time_zone, bad[i]))
			fail_msg("%s is taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_countries),
	    cmocka_unit_test(test_currencies),
	    cmocka_unit_test(test_language_tags),
	    cmocka_unit_test(test_time_zones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
