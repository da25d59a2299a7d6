#include "config/pass.h"

#include "base/fatal.h"
#include "config/internal.h"
#include "config/names.h"
#include "config/value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void config_fault(struct config_pass *pass, const char *format, ...)
{
	va_list values;
	pass->faults++;
	(void)fprintf(pass->errors, "%s: ", pass->config->daemon);
	va_start(values, format);
	(void)vfprintf(pass->errors, format, values);
	va_end(values);
	(void)fputc('\n', pass->errors);
}

/* Reads at most size - 1 bytes. NULL, or what is wrong with them. */
static const char *read_text(FILE *file, char *text, size_t size)
{
	size_t length = fread(text, 1, size, file);
	if (ferror(file) != 0)
		return strerror(errno);
	if (length == size)
		return "is too long";
	text[length] = '\0';
	return memchr(text, '\0', length) ? "has a NUL in it" : NULL;
}

char *config_read_text(const char *path, const char **ret_fault)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		*ret_fault = strerror(errno);
		return NULL;
	}
	char *text = must_malloc(CONFIG_MAX_VALUE + 1);
	*ret_fault = read_text(file, text, CONFIG_MAX_VALUE + 1);
	(void)fclose(file);
	if (!*ret_fault)
		return text;
	free(text);
	return NULL;
}

/* What the value may be, for the message; the range in the setting's own base unit. */
static void bad_value(struct config_pass *pass, const struct config_option *option, const char *text,
		      const char *origin, const char *fault)
{
	const char *shown = (option->flags & CONFIG_SECRET) != 0 ? "***" : text;
	if (option->type == CONFIG_CHOICE)
		config_fault(pass, "setting \"%s\" (%s): \"%s\" %s: %s", option->name, origin, shown, fault,
			     option->choices);
	else if (option->min != 0 || option->max != 0)
		config_fault(pass, "setting \"%s\" (%s): \"%s\" %s (%lld to %lld%s)", option->name, origin, shown,
			     fault, (long long)option->min, (long long)option->max,
			     option->type == CONFIG_DURATION  ? " us"
			     : option->type == CONFIG_INTEGER ? ""
							      : " bytes");
	else
		config_fault(pass, "setting \"%s\" (%s): \"%s\" %s", option->name, origin, shown, fault);
}

void config_give(struct config_pass *pass, int index, const char *text, enum config_source source, const char *origin)
{
	const struct config_option *option = pass->config->options[index];
	struct config_reading *reading = &pass->readings[index];
	if (reading->given && reading->source == source) {
		config_fault(pass, "setting \"%s\" (%s) is given twice", option->name, origin);
		return;
	}
	int64_t number;
	const char *fault = strlen(text) <= CONFIG_MAX_VALUE ? config_parse(option, text, &number) : "is too long";
	if (fault) {
		bad_value(pass, option, text, origin, fault);
		return;
	}
	free(reading->text);
	*reading =
	    (struct config_reading){.text = must_strdup(text), .number = number, .source = source, .given = true};
}

void config_give_from_file(struct config_pass *pass, int index, const char *path, enum config_source source,
			   const char *origin)
{
	const char *fault;
	char *text = config_read_text(path, &fault);
	if (!text) {
		config_fault(pass, "setting \"%s\" (%s): the file \"%s\": %s", pass->config->options[index]->name,
			     origin, path, fault);
		return;
	}
	size_t length = strlen(text);
	if (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	if (length > 0 && text[length - 1] == '\r')
		text[--length] = '\0';
	config_give(pass, index, text, source, origin);
	explicit_bzero(text, length);
	free(text);
}

bool config_give_named(struct config_pass *pass, const char *name, size_t length, const char *text,
		       enum config_source source, const char *origin)
{
	int index = config_find(pass->config, name, length);
	if (index >= 0) {
		config_give(pass, index, text, source, origin);
		return true;
	}
	index = config_find_secret_file(pass->config, name, length);
	if (index >= 0)
		config_give_from_file(pass, index, text, source, origin);
	return index >= 0;
}
