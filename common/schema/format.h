/*
 * The formats of strings that schemas name ("format": "email"), also for use without a schema.
 */
#ifndef EVENTLOOP_SCHEMA_FORMAT_H
#define EVENTLOOP_SCHEMA_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

/* True when the text, of so many bytes, is of the format. */
typedef bool schema_format_check(const char *text, size_t length);

/* The check of a format; NULL for one that is not enforced. */
schema_format_check *schema_format_find(const char *name);

#endif
