/*
 * Makes text written by users, such as names, safe for a letter to somebody else.
 *
 * Purpose: a name is shown to people who never asked for it, by programs that turn whatever looks like an address into
 * a link. What comes out of here is one line of words: no line ends, no control characters, nothing that changes the
 * direction or hides, nothing that a mail program takes for a link.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_MAIL_WORDS_H
#define EVENTLOOP_PASSPORT_LETTERS_MAIL_WORDS_H

#include "base/arena.h"

#include <stddef.h>

/* Returns the text as one line of words in UTF-8, at most `most` code points ("…" stands for what was cut off), in the
 * arena. White space becomes single spaces; a dot before a letter, an at sign and a colon before a slash are set apart
 * by a space. "" for NULL. */
const char *mail_words(struct arena *arena, const char *text, size_t most);

#endif
