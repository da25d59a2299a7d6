/*
 * Where letters go: to the mail server of `mail_url`, or else into the folder of `mail_dir`.
 *
 * Ownership: one sender a worker thread; settings are read once.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_MAIL_SEND_H
#define EVENTLOOP_PASSPORT_LETTERS_MAIL_SEND_H

#include "letters/mail_letter.h"

#include <stdbool.h>

struct config;
struct mail_row;
struct mail_sender;

/* Checks the settings; NULL with the faulty one in ctx. at_once: letters that may be under way. */
struct mail_sender *mail_sender_new(struct context *ctx, const struct config *config, size_t at_once) MUST_CHECK;

/* Ends what is still under way; nobody may wait for it. Accepts NULL. */
void mail_sender_free(struct mail_sender *sender);

/* True when there is anywhere to send letters to. */
bool mail_sender_usable(const struct mail_sender *sender);

/* Makes a message of the letter and hands it over. 0 once the mail server or folder has it; -1 with the error in ctx:
 * then mail_send_refused says whether another attempt is of use. */
int mail_send(struct context *ctx, struct mail_sender *sender, const struct mail_row *row,
	      const struct mail_letter *letter) MAY_SUSPEND MUST_CHECK;

/* True when the error in ctx is about the letter itself (an address that does not exist, no such template), so that it
 * would be the same the next time. */
bool mail_send_refused(const struct context *ctx);

#endif
