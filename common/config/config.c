#include "config/config.h"

#include "base/fatal.h"
#include "config/internal.h"
#include "config/names.h"
#include "config/pass.h"
#include "config/source.h"
#include "config/value.h"

#include <stdlib.h>
#include <string.h>

static void set_defaults(struct config *config)
{
	for (int i = 0; i < config->count; i++) {
		const struct config_option *option = config->options[i];
		int64_t number = 0;
		const char *text = option->fallback ? option->fallback : "";
		const char *fault = option->fallback ? config_parse(option, text, &number) : NULL;
		if (fault)
			fatal("the default of setting %s %s", option->name, fault);
		atomic_store(&config->values[i].text, must_strdup(text));
		atomic_store(&config->values[i].number, number);
	}
}

struct config *config_new(const char *daemon, const struct config_option *common, const struct config_option *own)
{
	struct config *config = must_calloc(1, sizeof(*config));
	config->daemon = daemon;
	for (const struct config_option *option = common; option && option->name; option++)
		config_add(config, option);
	for (const struct config_option *option = own; option && option->name; option++)
		config_add(config, option);
	set_defaults(config);
	return config;
}

/* Secrets do not linger in memory that is given back. */
static void free_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (int i = 0; i < config->count; i++)
		free_text(atomic_load(&config->values[i].text));
	while (config->old_texts) {
		struct config_old_text *old = config->old_texts;
		config->old_texts = old->older;
		free_text(old->text);
		free(old);
	}
	free(config->operands);
	free(config);
}

static void start_pass(struct config_pass *pass, struct config *config, FILE *errors)
{
	*pass = (struct config_pass){.config = config, .errors = errors};
	pass->readings = must_calloc((size_t)config->count, sizeof(*pass->readings));
	for (int i = 0; i < config->count; i++) {
		const struct config_option *option = config->options[i];
		pass->readings[i].text = must_strdup(option->fallback ? option->fallback : "");
		if (option->fallback)
			(void)config_parse(option, option->fallback, &pass->readings[i].number);
	}
}

static void end_pass(struct config_pass *pass)
{
	for (int i = 0; i < pass->config->count; i++)
		free_text(pass->readings[i].text);
	free(pass->readings);
}

static void check_required(struct config_pass *pass)
{
	for (int i = 0; i < pass->config->count; i++) {
		const struct config_option *option = pass->config->options[i];
		if ((option->flags & CONFIG_REQUIRED) == 0 || pass->readings[i].text[0] != '\0')
			continue;
		char variable[2 * CONFIG_MAX_NAME];
		config_variable_name(pass->config->daemon, option, variable);
		config_fault(pass, "setting \"%s\" is required: set %s or %s in the file", option->name, variable,
			     option->name);
	}
}

/* Puts the reading in force. The old text stays readable. */
static void adopt(struct config *config, int index, struct config_reading *reading)
{
	struct config_old_text *old = must_malloc(sizeof(*old));
	*old = (struct config_old_text){.older = config->old_texts, .text = atomic_load(&config->values[index].text)};
	config->old_texts = old;
	atomic_store(&config->values[index].text, reading->text);
	atomic_store(&config->values[index].number, reading->number);
	config->values[index].source = reading->source;
	reading->text = NULL;
}

static bool changed(const struct config *config, int index, const struct config_reading *reading)
{
	return strcmp(atomic_load(&config->values[index].text), reading->text) != 0;
}

int config_load(struct config *config, int argc, char *const *argv, FILE *errors)
{
	config->argc = argc;
	config->argv = argv;
	free(config->operands);
	config->operands = NULL;
	config->operand_count = 0;
	struct config_pass pass;
	start_pass(&pass, config, errors);
	config_read_sources(&pass);
	check_required(&pass);
	for (int i = 0; i < config->count && pass.faults == 0; i++)
		adopt(config, i, &pass.readings[i]);
	end_pass(&pass);
	return pass.faults == 0 ? 0 : -1;
}

int config_reload(struct config *config, FILE *errors)
{
	struct config_pass pass;
	start_pass(&pass, config, errors);
	config_read_sources(&pass);
	check_required(&pass);
	for (int i = 0; i < config->count && pass.faults == 0; i++) {
		if (!changed(config, i, &pass.readings[i]))
			continue;
		if ((config->options[i]->flags & CONFIG_RELOADABLE) != 0)
			adopt(config, i, &pass.readings[i]);
		else
			(void)fprintf(errors, "%s: setting \"%s\" changed and needs a restart\n", config->daemon,
				      config->options[i]->name);
	}
	end_pass(&pass);
	return pass.faults == 0 ? 0 : -1;
}

static int must_find(const struct config *config, const char *name)
{
	int index = config_find(config, name, strlen(name));
	if (index < 0)
		fatal("there is no setting %s", name);
	return index;
}

const char *config_text(const struct config *config, const char *name)
{
	int index = must_find(config, name);
	enum config_type type = config->options[index]->type;
	if (type != CONFIG_TEXT && type != CONFIG_CHOICE)
		fatal("setting %s is no text", name);
	return atomic_load_explicit(&config->values[index].text, memory_order_acquire);
}

int64_t config_integer(const struct config *config, const char *name)
{
	int index = must_find(config, name);
	enum config_type type = config->options[index]->type;
	if (type != CONFIG_INTEGER && type != CONFIG_DURATION && type != CONFIG_SIZE)
		fatal("setting %s is no number", name);
	return atomic_load_explicit(&config->values[index].number, memory_order_relaxed);
}

bool config_boolean(const struct config *config, const char *name)
{
	int index = must_find(config, name);
	if (config->options[index]->type != CONFIG_BOOLEAN)
		fatal("setting %s is no boolean", name);
	return atomic_load_explicit(&config->values[index].number, memory_order_relaxed) != 0;
}

char *const *config_operands(const struct config *config, int *ret_count)
{
	*ret_count = config->operand_count;
	return config->operands;
}
