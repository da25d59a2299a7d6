/*
 * Replaces secrets and personal data in log lines and in printed settings.
 * Invariants: masking never fails and never shows more than the original.
 */
#ifndef EVENTLOOP_BASE_MASK_H
#define EVENTLOOP_BASE_MASK_H

#include "base/buffer.h"

#include <stdbool.h>

#define MASK_TEXT "***"

/* True when a value of this name is a secret or personal: one of its words (separated by _ - . or a capital letter,
 * with or without a plural s) is password, passphrase, token, secret, authorization, credential, cookie, key, email or
 * phone. */
bool mask_name_is_secret(const char *name);

/* Appends text to out with the passwords of URLs, the credentials after "Bearer " and "Basic ", and JWTs masked. */
void mask_append(struct buffer *out, const char *text);

#endif
