/*
 * Strings and numbers of JSON text. Leaf of json/scan.c.
 */
#ifndef EVENTLOOP_JSON_TEXT_H
#define EVENTLOOP_JSON_TEXT_H

#include "base/macros.h"
#include "json/scan.h"

#include <stdbool.h>

/* Checks and skips a string; the cursor stands behind its opening quote. *ret_escaped: it has escapes. False on a
 * fault. */
bool json_text_string(struct json_scanner *scanner, bool *ret_escaped) MUST_CHECK;

/* Checks and skips a number at the cursor. False on a fault. */
bool json_text_number(struct json_scanner *scanner) MUST_CHECK;

#endif
