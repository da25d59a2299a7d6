/*
 * Makes and hashes the secrets that passport issues as texts (refresh tokens, tokens in letters, API keys).
 *
 * Invariants: 256 random bits as 43 characters of base64url; the database keeps the SHA-256 only, which is enough for a
 * secret that cannot be guessed (a slow hash is for those that people choose).
 */
#ifndef EVENTLOOP_PASSPORT_SECRET_TEXT_H
#define EVENTLOOP_PASSPORT_SECRET_TEXT_H

#include "base/context.h"

#define SECRET_BYTES 32
#define SECRET_LENGTH 43    /* characters */
#define SECRET_HASH_SIZE 65 /* hexadecimal digits of a SHA-256 and NUL */

/* A fresh secret, in ctx's arena. */
const char *secret_make(struct context *ctx);

/* The SHA-256 of any text in hexadecimal, for decode($n, 'hex'). */
void secret_hash(const char *text, char ret[static SECRET_HASH_SIZE]);

#endif
