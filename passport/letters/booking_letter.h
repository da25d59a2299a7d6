/*
 * Letters about bookings: which there are, and how the values of one become its lines.
 *
 * Purpose: passport.letter.send takes values, and the words are made here when the letter is written, in the language
 * of who gets it and on the venue's wall clock. Invariants: the values fit the schema LetterContent of api/letter.json;
 * what somebody wrote comes in as words only (mail_words.h).
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_BOOKING_LETTER_H
#define EVENTLOOP_PASSPORT_LETTERS_BOOKING_LETTER_H

#include "letters/mail_letter.h"

struct json_object;

/* The kind of letters that a person chooses or not: "requests" (to a company, about what waits for it), "bookings" or
 * "reminders". Static; NULL when the template is none about bookings. */
const char *booking_letter_kind(const char *template_name);

/* Sets the value {listing} and the lines of the letter, whose locale is set. -1 with internal when the
 * system does not know the zone. */
int booking_letter_fill(struct context *ctx, struct json_object *values, struct mail_letter *letter) MUST_CHECK;

#endif
