#include "config/source.h"

#include "base/fatal.h"
#include "config/file.h"
#include "config/internal.h"
#include "config/names.h"
#include "config/pass.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SHARED_PREFIX "EVENTLOOP"
#define CONFIG_FLAG "config"

extern char **environ;

/* For a service named like the daemon Kubernetes makes NAME_SERVICE_HOST, NAME_SERVICE_PORT..., NAME_PORT_7001_TCP...,
 * and NAME_PORT, which is no port but "tcp://10.0.0.1:7001". */
static bool made_by_kubernetes(const char *name)
{
	const char *port = strstr(name, "PORT_");
	return strncmp(name, "SERVICE_HOST", 12) == 0 || strncmp(name, "SERVICE_PORT", 12) == 0 ||
	       (port == name && isdigit((unsigned char)name[5]));
}

static bool is_service_link(const struct config_option *option, const char *text)
{
	return strcmp(option->name, "port") == 0 && strncmp(text, "tcp://", 6) == 0;
}

/* Takes the variable, or the one with _FILE when the setting is a secret; true when either was there. */
static bool read_variable(struct config_pass *pass, int index, const char *variable)
{
	const struct config_option *option = pass->config->options[index];
	char origin[3 * CONFIG_MAX_NAME];
	(void)snprintf(origin, sizeof(origin), "environment %s", variable);
	const char *text = getenv(variable);
	if (text && is_service_link(option, text))
		text = NULL;
	if (text)
		config_give(pass, index, text, CONFIG_FROM_ENVIRONMENT, origin);
	if ((option->flags & CONFIG_SECRET) == 0)
		return text != NULL;
	char file_variable[3 * CONFIG_MAX_NAME];
	(void)snprintf(file_variable, sizeof(file_variable), "%s_FILE", variable);
	const char *path = getenv(file_variable);
	(void)snprintf(origin, sizeof(origin), "environment %s_FILE", variable);
	if (path)
		config_give_from_file(pass, index, path, CONFIG_FROM_ENVIRONMENT, origin);
	return text || path;
}

static void read_environment(struct config_pass *pass)
{
	char variable[2 * CONFIG_MAX_NAME];
	for (int i = 0; i < pass->config->count; i++) {
		const struct config_option *option = pass->config->options[i];
		config_variable_name(pass->config->daemon, option, variable);
		if (read_variable(pass, i, variable))
			continue;
		config_variable_name(SHARED_PREFIX, option, variable);
		if (!read_variable(pass, i, variable) && option->environment)
			(void)read_variable(pass, i, option->environment);
	}
}

/* A misspelt variable must not pass for a default. */
static void refuse_unknown_variables(struct config_pass *pass)
{
	size_t prefix = strlen(pass->config->daemon);
	for (char **entry = environ; entry && *entry; entry++) {
		size_t length = strcspn(*entry, "=");
		if (length <= prefix + 1 || strncasecmp(*entry, pass->config->daemon, prefix) != 0 ||
		    (*entry)[prefix] != '_' || !isupper((unsigned char)(*entry)[0]))
			continue;
		const char *name = *entry + prefix + 1;
		size_t name_length = length - prefix - 1;
		if (config_find(pass->config, name, name_length) < 0 &&
		    config_find_secret_file(pass->config, name, name_length) < 0 && !made_by_kubernetes(name))
			config_fault(pass, "unknown setting \"%.*s\" (environment)", (int)length, *entry);
	}
}

/* One argument taken apart. */
struct flag {
	const char *name; /* after the dashes */
	size_t length;
	const char *value; /* NULL when none was given */
};

static bool is_boolean(const struct config *config, const struct flag *flag)
{
	int index = config_find(config, flag->name, flag->length);
	return index >= 0 && config->options[index]->type == CONFIG_BOOLEAN;
}

static bool is_config_flag(const struct flag *flag)
{
	return flag->length == strlen(CONFIG_FLAG) && memcmp(flag->name, CONFIG_FLAG, flag->length) == 0;
}

/* Takes the flag at argv[*index], with the argument after it where the value stands there; moves *index past them. */
static struct flag take_flag(const struct config *config, int *index)
{
	const char *argument = config->argv[(*index)++] + 2;
	struct flag flag = {.name = argument, .length = strcspn(argument, "=")};
	if (argument[flag.length] == '=')
		flag.value = argument + flag.length + 1;
	else if (is_boolean(config, &flag))
		flag.value = "true";
	else if (*index < config->argc)
		flag.value = config->argv[(*index)++];
	return flag;
}

static void read_flag(struct config_pass *pass, const struct flag *flag)
{
	char origin[3 * CONFIG_MAX_NAME];
	(void)snprintf(origin, sizeof(origin), "flag --%.*s", (int)flag->length, flag->name);
	if (is_config_flag(flag))
		return;
	bool known = config_find(pass->config, flag->name, flag->length) >= 0 ||
		     config_find_secret_file(pass->config, flag->name, flag->length) >= 0;
	if (!known)
		config_fault(pass, "unknown flag --%.*s", (int)flag->length, flag->name);
	else if (!flag->value)
		config_fault(pass, "%s needs a value", origin);
	else
		(void)config_give_named(pass, flag->name, flag->length, flag->value, CONFIG_FROM_FLAG, origin);
}

static void read_flags(struct config_pass *pass)
{
	struct config *config = pass->config;
	bool gather = !config->operands; /* a reload does not replace them, since somebody may be reading them */
	if (gather)
		config->operands = must_calloc((size_t)config->argc + 1, sizeof(*config->operands));
	bool flags_ended = false;
	for (int i = 0; i < config->argc;) {
		char *argument = config->argv[i];
		if (!flags_ended && strcmp(argument, "--") == 0) {
			flags_ended = true;
			i++;
		} else if (!flags_ended && strncmp(argument, "--", 2) == 0) {
			struct flag flag = take_flag(config, &i);
			read_flag(pass, &flag);
		} else {
			if (gather)
				config->operands[config->operand_count++] = argument;
			i++;
		}
	}
}

/* --config comes before everything else, wherever it stands. */
static void read_file(struct config_pass *pass)
{
	for (int i = 0; i < pass->config->argc;) {
		const char *argument = pass->config->argv[i];
		if (strcmp(argument, "--") == 0)
			return;
		if (strncmp(argument, "--", 2) != 0) {
			i++;
			continue;
		}
		struct flag flag = take_flag(pass->config, &i);
		if (!is_config_flag(&flag))
			continue;
		if (!flag.value)
			config_fault(pass, "flag --config needs a value");
		else
			config_read_file(pass, flag.value);
	}
}

void config_read_sources(struct config_pass *pass)
{
	read_file(pass);
	read_environment(pass);
	refuse_unknown_variables(pass);
	read_flags(pass);
}
