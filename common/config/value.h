/*
 * One value: a text read as the type of its setting.
 */
#ifndef EVENTLOOP_CONFIG_VALUE_H
#define EVENTLOOP_CONFIG_VALUE_H

#include "config/option.h"

/* Reads text as the option's type into *ret_number (texts: 0). NULL, or what is wrong with it: "is not a duration". */
const char *config_parse(const struct config_option *option, const char *text, int64_t *ret_number);

#endif
