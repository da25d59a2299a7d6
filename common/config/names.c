#include "config/names.h"

#include "base/fatal.h"
#include "config/internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { SLOTS = 2 * CONFIG_MAX_OPTIONS };

#define FILE_SUFFIX "file" /* after a _ or - */

/* Settings are written with _, flags with -, variables in capitals. */
static char plain_character(char character)
{
	return character == '-' ? '_' : (char)tolower((unsigned char)character);
}

static bool same_name(const char *name, const char *written, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (name[i] == '\0' || name[i] != plain_character(written[i]))
			return false;
	}
	return name[length] == '\0';
}

/* The slot of the name, or the free one where it belongs. */
static int find_slot(const struct config *config, const char *name, size_t length)
{
	uint32_t hash = 2166136261U;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)plain_character(name[i])) * 16777619U;
	for (uint32_t i = hash ^ hash >> 16;; i++) {
		int slot = (int)(i % SLOTS);
		int index = config->slots[slot] - 1;
		if (index < 0 || same_name(config->options[index]->name, name, length))
			return slot;
	}
}

int config_find(const struct config *config, const char *name, size_t length)
{
	return config->slots[find_slot(config, name, length)] - 1;
}

void config_add(struct config *config, const struct config_option *option)
{
	size_t length = strlen(option->name);
	int slot = find_slot(config, option->name, length);
	if (config->slots[slot] != 0) {
		config->options[config->slots[slot] - 1] = option;
		return;
	}
	if (config->count == CONFIG_MAX_OPTIONS || length >= CONFIG_MAX_NAME)
		fatal("setting %s: too many settings or too long a name", option->name);
	config->options[config->count++] = option;
	config->slots[slot] = config->count;
}

void config_flag_name(const struct config_option *option, char name[static CONFIG_MAX_NAME])
{
	(void)snprintf(name, CONFIG_MAX_NAME, "%s", option->name);
	for (char *character = name; *character != '\0'; character++)
		*character = *character == '_' ? '-' : *character;
}

void config_variable_name(const char *prefix, const struct config_option *option, char name[static 2 * CONFIG_MAX_NAME])
{
	(void)snprintf(name, (size_t)2 * CONFIG_MAX_NAME, "%s_%s", prefix, option->name);
	for (char *character = name; *character != '\0'; character++)
		*character = *character == '-' ? '_' : (char)toupper((unsigned char)*character);
}

int config_find_secret_file(const struct config *config, const char *name, size_t length)
{
	size_t suffix = strlen(FILE_SUFFIX) + 1;
	if (length <= suffix || strncasecmp(name + length - (suffix - 1), FILE_SUFFIX, suffix - 1) != 0)
		return -1;
	char separator = name[length - suffix];
	int index = separator == '_' || separator == '-' ? config_find(config, name, length - suffix) : -1;
	return index >= 0 && (config->options[index]->flags & CONFIG_SECRET) != 0 ? index : -1;
}
