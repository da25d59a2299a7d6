/*
 * Unicode text as the API defines it: UTF-8, NFC, lengths in code points.
 * Source: Unicode 15 UAX #15 by libunistring; RFC 3629 for what is UTF-8.
 */
#ifndef EVENTLOOP_BASE_TEXT_H
#define EVENTLOOP_BASE_TEXT_H

#include "base/arena.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

/* True when the bytes are well-formed UTF-8 (no surrogates, no overlong forms, nothing above U+10FFFF). */
bool text_valid_utf8(const char *bytes, size_t length);

/* Code points in well-formed UTF-8. */
size_t text_code_points(const char *bytes, size_t length);

/* Returns the text in NFC, in the arena; the same pointer when it is NFC already or is not UTF-8. */
const char *text_normalize(struct arena *arena, const char *text);

/* Returns the text without leading and trailing Unicode white space, in the arena (or the same pointer). */
const char *text_trim(struct arena *arena, const char *text);

/* Returns the text case-folded and NFC-normalised for comparison (e.g. mail addresses), in the arena; the same pointer
 * when it is not UTF-8. */
const char *text_fold(struct arena *arena, const char *text);

/* Returns the letters of the text, case-folded, without anything else, in the arena: "Ann-Marie 99!" gives "annmarie".
 */
const char *text_letters(struct arena *arena, const char *text);

/* True when the text can stand as the name of a person or a company: something of it can be seen, and it holds no
 * control characters, line separators, or overrides of the writing direction (U+202A to U+202E, U+2066 to U+2069), by
 * which a name could rearrange the text around it. In API files: `"format": "display-name"`. */
bool text_is_display_name(const char *bytes, size_t length);

/* True when the text can stand as a remark on one line, such as a reason: it is empty (minLength demands one), or keeps
 * the rule of names above. In API files: `"format": "line"`. */
bool text_is_line(const char *bytes, size_t length);

#endif
