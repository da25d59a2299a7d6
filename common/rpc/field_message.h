/*
 * What is wrong with a parameter, as a sentence.
 *
 * Purpose: error.message of invalid_params names field and rule, "params/period/to: must be after from", since most
 * libraries show nothing else of an error; error.data.fields says the same to programs.
 * Invariants: one line of less than FIELD_MESSAGE_SIZE bytes of UTF-8. What a caller chose (the names of members) is
 * shown with control characters and whatever else cannot be seen as \u escapes, and cut where it is long, so that the
 * rule always has its place. A rule that is not known here is named by its word.
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
