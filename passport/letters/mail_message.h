/*
 * A letter as bytes: a message by RFC 5322 and MIME (RFC 2045 to 2047), text and HTML side by side.
 *
 * Invariants: everything is ASCII and no line is longer than 78 bytes but for addresses, so any server takes it; lines
 * end with CRLF. A header is folded only where its line would be longer, and Message-ID never: some mail programs do
 * not find the letter that is answered then. Texts cannot begin a header: those that stand in one are encoded (RFC
 * 2047) unless they are plain printable ASCII, and addresses are checked. Only addresses that registration accepts
 * (format `email`: ASCII, no quotes) are accepted here.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_MAIL_MESSAGE_H
#define EVENTLOOP_PASSPORT_LETTERS_MAIL_MESSAGE_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address with its owner's name; "" or NULL: none. */
struct mail_address {
	const char *name, *address;
};

/* Borrowed. */
struct mail_message {
	struct mail_address from, to;
	const char *subject, *text, *html; /* UTF-8; lines end with LF */
	const char *language;		   /* "en" */
	const char *template_name;	   /* for X-EventLoop-Template; an identifier */
	const char *id;			   /* left side of the Message-ID; letters, digits, hyphens and dots */
	int64_t date;			   /* wall microseconds */
};

/* Reads "Name <address>" or "address"; false when the address is none. Texts in ctx's arena. */
bool mail_address_parse(struct context *ctx, const char *text, struct mail_address *ret) MUST_CHECK;

/* True for an address that letters are sent to. */
bool mail_address_valid(const char *address) MUST_CHECK;

/* Returns the message, in ctx's arena; NULL with invalid_params, reason "address", when sender or recipient is none, or
 * internal when it is over 256 KiB. */
const char *mail_message_build(struct context *ctx, const struct mail_message *message, size_t *ret_length) MUST_CHECK;

#endif
