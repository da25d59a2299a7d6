#include "config/config.h"

#include "base/buffer.h"
#include "base/mask.h"
#include "config/internal.h"
#include "config/names.h"

#include <string.h>

static const char *type_word(const struct config_option *option)
{
	static const char *const words[] = {"TEXT", "NUMBER", "true|false", "DURATION", "SIZE"};
	return option->type == CONFIG_CHOICE ? option->choices : words[option->type];
}

static void print_notes(const struct config_option *option, FILE *out)
{
	if (option->fallback && option->fallback[0] != '\0')
		(void)fprintf(out, "; default %s", option->fallback);
	if (option->type == CONFIG_INTEGER && (option->min != 0 || option->max != 0))
		(void)fprintf(out, "; %lld to %lld", (long long)option->min, (long long)option->max);
	if ((option->flags & CONFIG_REQUIRED) != 0)
		(void)fputs("; required", out);
	if ((option->flags & CONFIG_SECRET) != 0)
		(void)fputs("; secret, also as _FILE", out);
	if ((option->flags & CONFIG_RELOADABLE) != 0)
		(void)fputs("; reloaded by SIGHUP", out);
}

void config_print_help(const struct config *config, FILE *out)
{
	(void)fputs("  --config FILE\n      reads settings from lines \"name = value\"\n", out);
	for (int i = 0; i < config->count; i++) {
		const struct config_option *option = config->options[i];
		char flag[CONFIG_MAX_NAME];
		config_flag_name(option, flag);
		char variable[2 * CONFIG_MAX_NAME];
		config_variable_name(config->daemon, option, variable);
		(void)fprintf(out, "  --%s %s   (%s%s%s)\n      %s", flag, type_word(option), variable,
			      option->environment ? ", " : "", option->environment ? option->environment : "",
			      option->help ? option->help : "");
		print_notes(option, out);
		(void)fputc('\n', out);
	}
}

static void print_quoted(const char *text, FILE *out)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			(void)fputc('\\', out);
		(void)fputc(*text == '\n' ? ' ' : *text, out);
	}
	(void)fputc('"', out);
}

static void print_value(const struct config_option *option, const char *text, FILE *out)
{
	if ((option->flags & CONFIG_SECRET) != 0 && text[0] != '\0') {
		(void)fputs(MASK_TEXT, out);
		return;
	}
	if (option->type != CONFIG_TEXT) {
		(void)fputs(text, out);
		return;
	}
	struct buffer masked;
	buffer_init(&masked, CONFIG_MAX_VALUE);
	mask_append(&masked, text);
	print_quoted(buffer_failed(&masked) ? MASK_TEXT : buffer_text(&masked), out);
	buffer_done(&masked);
}

void config_print(const struct config *config, FILE *out)
{
	static const char *const sources[] = {"default", "file", "environment", "flag"};
	for (int i = 0; i < config->count; i++) {
		const struct config_option *option = config->options[i];
		const char *text = atomic_load(&config->values[i].text);
		bool unset = text[0] == '\0' && option->type != CONFIG_TEXT;
		(void)fprintf(out, "%s%s = ", unset ? "# " : "", option->name);
		print_value(option, text, out);
		(void)fprintf(out, "  # %s\n", sources[config->values[i].source]);
	}
}
