/*
 * Letters as files in a folder: used instead of a mail server on a developer's machine and in tests.
 *
 * Invariants: a file has its name (time, id, ".eml") only once it is whole and on the disk; only its owner may read it.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_MAIL_FOLDER_H
#define EVENTLOOP_PASSPORT_LETTERS_MAIL_FOLDER_H

#include "base/context.h"
#include "base/macros.h"

#include <stddef.h>

/* Writes the message as a new file of the folder, which is made when it is missing (not its parents), on a thread of
 * the offload pool. -1 with unavailable, reason "mail_dir", when that fails. */
int mail_folder_put(struct context *ctx, const char *folder, const char *id, const char *message,
		    size_t length) MAY_SUSPEND MUST_CHECK;

#endif
