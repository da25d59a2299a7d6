/*
 * Base64url without padding (RFC 4648 section 5), as JOSE uses it. Strict: any other character, padding, or non-zero
 * spare bits is an error, so that a token has one spelling.
 */
#ifndef EVENTLOOP_BASE_BASE64URL_H
#define EVENTLOOP_BASE_BASE64URL_H

#include "base/arena.h"

#include <stddef.h>

/* Characters for length bytes, without NUL. */
size_t base64url_length(size_t length);

/* Returns the encoded text in the arena. */
char *base64url_encode(struct arena *arena, const void *bytes, size_t length);

/* Returns the decoded bytes (a NUL follows them) and their number, or NULL when the text is not valid. */
void *base64url_decode(struct arena *arena, const char *text, size_t text_length, size_t *ret_length);

#endif
