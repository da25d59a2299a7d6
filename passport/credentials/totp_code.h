/*
 * Computes time-based one-time passwords.
 *
 * Source: RFC 6238 and RFC 4226 with what authenticator apps support: HMAC-SHA-1, 6 digits, steps of 30 s; the key in
 * base32 (RFC 4648 section 6, without padding); the key URI format that apps read from a QR code.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_TOTP_CODE_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_TOTP_CODE_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

#define TOTP_SECRET_SIZE 20 /* bytes: as long as the HMAC (RFC 4226 section 4, R6) */
#define TOTP_DIGITS 6
#define TOTP_STEP_SECONDS 30

/* The time step of a wall time in microseconds. */
int64_t totp_step(int64_t wall);

/* The code of a step, with leading zeros, in the arena. digits: 6 to 8. */
const char *totp_code(struct arena *arena, const void *secret, size_t length, int64_t step, int digits);

/* The digits of a code as people type it, with the blanks that apps show in it, in the arena; NULL when it is no code
 * of an app. */
const char *totp_code_digits(struct arena *arena, const char *text);

/* The step between `after` (not included) and one step past `now` whose code is `code`, no more than one step before
 * `now`: clocks differ. 0 when there is none. Compares in constant time. */
int64_t totp_find_step(struct arena *arena, const void *secret, size_t length, const char *code, int64_t now,
		       int64_t after);

/* The bytes in base32, upper case, without padding, in the arena. */
const char *base32_encode(struct arena *arena, const void *bytes, size_t length);

/* otpauth://totp/<issuer>:<account>?secret=...&issuer=..., escaped (RFC 3986), in the arena. secret: in base32. */
const char *totp_uri(struct arena *arena, const char *issuer, const char *account, const char *secret);

#endif
