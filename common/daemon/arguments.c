#include "daemon/arguments.h"

#include "base/fatal.h"
#include "daemon/daemon.h"
#include "daemon/settings.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 128

static bool own_command(const struct daemon_spec *spec, const char *name)
{
	for (const struct daemon_command *command = spec->commands; command && command->name; command++) {
		if (strcmp(command->name, name) == 0)
			return true;
	}
	return false;
}

/* How many arguments the setting at argv[0] takes: 0 when it is none, 1 with "=" or for a boolean, else 2. */
static int setting_size(const struct daemon_spec *spec, char *const *argv)
{
	if (strncmp(argv[0], "--", 2) != 0)
		return 0;
	size_t length = strcspn(argv[0] + 2, "=");
	bool joined = argv[0][2 + length] == '=';
	char name[NAME_MAX_LENGTH];
	if (length == 0 || length >= sizeof(name))
		return 0;
	for (size_t i = 0; i < length; i++)
		name[i] = argv[0][2 + i] == '-' ? '_' : argv[0][2 + i];
	bool config = length == 6 && memcmp(name, "config", 6) == 0;
	const struct config_option *option = settings_find(spec, name, length);
	if (!option && length > 5 && memcmp(name + length - 5, "_file", 5) == 0) {
		option = settings_find(spec, name, length - 5);
		config = config || (option && (option->flags & CONFIG_SECRET) != 0);
		option = NULL;
	}
	if (!option && !config)
		return 0;
	if (joined || !argv[1] || (option && option->type == CONFIG_BOOLEAN))
		return 1;
	return 2;
}

static bool take_switch(struct arguments *arguments, const char *text)
{
	if (strcmp(text, "--help") == 0)
		return arguments->help = true;
	if (strcmp(text, "--version") == 0)
		return arguments->version = true;
	if (strcmp(text, "--print-config") == 0)
		return arguments->print_config = true;
	return false;
}

void arguments_read(struct arguments *arguments, const struct daemon_spec *spec, int argc, char **argv)
{
	int i = 1;
	*arguments = (struct arguments){.command = "serve"};
	arguments->settings = must_calloc((size_t)argc + 1, sizeof(*arguments->settings));
	arguments->rest = must_calloc((size_t)argc + 1, sizeof(*arguments->rest));
	if (argc > 1 && argv[1][0] != '-')
		arguments->command = argv[i++];
	bool own = own_command(spec, arguments->command);
	while (i < argc) {
		int size = setting_size(spec, argv + i);
		if (size == 0 && take_switch(arguments, argv[i])) {
			i++;
		} else if (size == 0 && (own || strncmp(argv[i], "--", 2) != 0)) {
			arguments->rest[arguments->rest_count++] = argv[i++];
		} else {
			for (int end = i + (size == 0 ? 1 : size); i < end; i++)
				arguments->settings[arguments->setting_count++] = argv[i];
		}
	}
}

void arguments_free(struct arguments *arguments)
{
	free(arguments->settings);
	free(arguments->rest);
}
