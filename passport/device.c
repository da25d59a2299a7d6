#include "device.h"

#include "base/macros.h"

#include <stdbool.h>
#include <string.h>

#define PRODUCT_MAX 40

struct sign {
	const char *token, *name;
};

/* The first that is found counts: browsers name those that they descend from as well. */
static const struct sign browsers[] = {
    {"Edg/", "Edge"},
    {"EdgA/", "Edge"},
    {"EdgiOS/", "Edge"},
    {"OPR/", "Opera"},
    {"Vivaldi/", "Vivaldi"},
    {"YaBrowser/", "Yandex Browser"},
    {"SamsungBrowser/", "Samsung Internet"},
    {"FxiOS/", "Firefox"},
    {"Firefox/", "Firefox"},
    {"CriOS/", "Chrome"},
    {"HeadlessChrome/", "Headless Chrome"},
    {"Chrome/", "Chrome"},
    {"Safari/", "Safari"},
};

static const struct sign systems[] = {
    {"iPhone", "iPhone"}, {"iPad", "iPad"},	  {"Android", "Android"}, {"Windows", "Windows"},
    {"CrOS", "ChromeOS"}, {"Macintosh", "macOS"}, {"Linux", "Linux"},
};

static const char *find(const struct sign *signs, size_t count, const char *user_agent)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(user_agent, signs[i].token))
			return signs[i].name;
	return NULL;
}

static bool is_product_character(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
	       (character >= '0' && character <= '9') || (character != '\0' && strchr("-_.", character));
}

/* The first product of a client that is no browser: "curl" of "curl/8.5.0". */
static const char *product(struct arena *arena, const char *user_agent)
{
	size_t length = 0;
	while (length < PRODUCT_MAX && is_product_character(user_agent[length]))
		length++;
	return length == 0 ? NULL : arena_printf(arena, "%.*s", (int)length, user_agent);
}

const char *device_name(struct arena *arena, const char *user_agent)
{
	bool browser = strncmp(user_agent, "Mozilla/", strlen("Mozilla/")) == 0;
	const char *system = find(systems, ARRAY_SIZE(systems), user_agent);
	const char *program = browser ? find(browsers, ARRAY_SIZE(browsers), user_agent) : product(arena, user_agent);
	if (program && system)
		return arena_printf(arena, "%s on %s", program, system);
	if (program)
		return program;
	return system ? system : "Unknown device";
}
