/*
 * The two encodings that make any text fit for mail: encoded words for headers, quoted-printable for bodies.
 * Source: RFC 2047 sections 2 to 5; RFC 2045 section 6.7.
 */
#ifndef EVENTLOOP_PASSPORT_MAIL_ENCODING_H
#define EVENTLOOP_PASSPORT_MAIL_ENCODING_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends " " and the text as the value of a header, folded, without a line end. Plain printable ASCII stays as it is
 * when it fits on the line; as_phrase: it is the name before an address, and then everything but letters, digits and
 * spaces is encoded. used: bytes on the line so far. */
void mail_encode_words(struct buffer *out, const char *text, size_t used, bool as_phrase);

/* Appends the text as quoted-printable; LF becomes CRLF. What is not UTF-8 passes as bytes. */
void mail_encode_quoted(struct buffer *out, const char *text);

#endif
