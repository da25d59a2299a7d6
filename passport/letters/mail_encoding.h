/*
 * The two encodings that make any text fit for mail: encoded words for headers, quoted-printable for bodies.
 * Source: RFC 2047 sections 2 to 5; RFC 2045 section 6.7.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_MAIL_ENCODING_H
#define EVENTLOOP_PASSPORT_LETTERS_MAIL_ENCODING_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

#define MAIL_MAX_HEADER 78  /* bytes of a line of a header */
#define MAIL_MAX_ENCODED 76 /* of one in which encoded words stand, and of a line of quoted-printable */

/* Appends " " and the text as the value of a header, without a line end, folded where a line would be too long. Plain
 * printable ASCII stays as it is, unless a word of it is too long for that; as_phrase: it is the name before an
 * address, and then everything but letters, digits and spaces is encoded. used: bytes on the line so far. Returns how
 * many the last line has. */
size_t mail_encode_words(struct buffer *out, const char *text, size_t used, bool as_phrase);

/* Appends " " and a token that is never folded inside, on a line of its own when the line would be longer than limit.
 * Returns how many bytes the last line has. */
size_t mail_append_token(struct buffer *out, const char *token, size_t length, size_t used, size_t limit);

/* Appends the text as quoted-printable; LF becomes CRLF. What is not UTF-8 passes as bytes. */
void mail_encode_quoted(struct buffer *out, const char *text);

#endif
