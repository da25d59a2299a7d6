/*
 * A letter: its content, and how a template turns it into text and HTML.
 *
 * Purpose: passport/mail/NAME.LOCALE.txt holds the words, once; text and HTML are made from it.
 * A template: the line "Subject: ...", an empty line, paragraphs parted by empty lines. {name} stands for a value.
 * A paragraph may be "@greeting" (by name where the recipient's is known), "@link LABEL" (the letter's one link),
 * "@token" (the token, on a line of its own: "token: ..."), "@lines" (the letter's lines, "Label: text" each) or
 * "@account WORDS" (words for those alone who have an account).
 * Invariants: a value cannot change the form of a letter: in HTML it is escaped, and text written by users is set by
 * mail_letter_set_words, which removes links, line ends and control characters.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_MAIL_LETTER_H
#define EVENTLOOP_PASSPORT_LETTERS_MAIL_LETTER_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

#define MAIL_LETTER_VALUES 12
#define MAIL_LETTER_LINES 40
#define MAIL_NAME_MOST 100  /* code points of a name in a letter */
#define MAIL_WORDS_MOST 500 /* of what somebody wrote */

struct mail_value {
	const char *name, *text;
};

/* "Price: 20.00 EUR"; text is the value's. */
struct mail_line {
	const char *label, *text;
};

/* Texts live in the context or are static. */
struct mail_letter {
	const char *template_name; /* NULL: nothing is to be sent */
	const char *locale;	   /* "en" or "ru": see mail_letter_locale */
	const char *recipient;	   /* where it goes; mail_send needs it */
	const char *name;	   /* of the recipient, as words; NULL when not known */
	const char *link;	   /* of "@link"; NULL: none */
	const char *token;	   /* of "@token"; NULL: none */
	struct mail_value values[MAIL_LETTER_VALUES];
	size_t value_count;
	struct mail_line lines[MAIL_LETTER_LINES];
	size_t line_count;
	bool no_account; /* the recipient has none: "@link" and "@account" are left out */
};

/* What a template makes of a letter, in the context's arena. Lines end with LF. */
struct mail_content {
	const char *subject, *text, *html;
};

/* The language that letters to somebody of this locale ("ru-RU") are written in. */
const char *mail_letter_locale(const char *locale);

/* Sets a value that no user wrote: a time, a number, a word. NULL is "-". */
void mail_letter_set(struct mail_letter *letter, const char *name, const char *text);

/* Sets a value that a user wrote, of at most MAIL_WORDS_MOST code points. */
void mail_letter_set_words(struct context *ctx, struct mail_letter *letter, const char *name, const char *text);

/* Adds a line of "@lines", whose text no user wrote; none when the text is NULL or empty. */
void mail_letter_line(struct mail_letter *letter, const char *label, const char *text);

/* Adds a line whose text a user wrote, of at most MAIL_WORDS_MOST code points. */
void mail_letter_line_words(struct context *ctx, struct mail_letter *letter, const char *label, const char *text);

/* Writes the letter. -1 with `internal` when there is no such template, or a value or a link that it names is missing.
 */
int mail_letter_write(struct context *ctx, const struct mail_letter *letter, struct mail_content *ret) MUST_CHECK;

#endif
