/*
 * Turns a broken rule of a parameter into a sentence.
 *
 * Purpose: error.message of invalid_params names field and rule, "params/period/to: must be after from", since most
 * libraries show nothing else of an error; error.data.fields says the same to programs.
 * Invariants: one line of less than FIELD_MESSAGE_SIZE bytes of UTF-8. Text from the caller (names of members) is shown
 * with control and invisible characters as \u escapes, and cut when it is long, so that there is always room for the
 * rule. A rule that is not known here is named by its word.
 * Source: docs/errors.md.
 */
#ifndef EVENTLOOP_RPC_FIELD_MESSAGE_H
#define EVENTLOOP_RPC_FIELD_MESSAGE_H

#include "schema/schema.h"

#include <stddef.h>

#define FIELD_MESSAGE_SIZE 200 /* as error.message */

/* Writes the sentence of one broken rule. path: a JSON pointer, "/params/period/to". rule: its word. expected: JSON
 * text of what the rule demands, or NULL. others: how many more fields are wrong. */
void field_message(const char *path, const char *rule, const char *expected, size_t others,
		   char target[static FIELD_MESSAGE_SIZE]);

/* The same of the first error of a validation that failed. */
void field_message_of(const struct schema_result *result, char target[static FIELD_MESSAGE_SIZE]);

#endif
