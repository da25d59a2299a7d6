#include "credentials/totp_code.h"

#include "base/clock.h"
#include "base/fatal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define STEPS_ASIDE 1 /* accepted before and after the current one (RFC 6238 section 5.2) */

int64_t totp_step(int64_t wall)
{
	return wall / (TOTP_STEP_SECONDS * CLOCK_SECOND);
}

/* Dynamic truncation: four bytes of the HMAC, at a place that its last one says (RFC 4226 section 5.3). */
static uint32_t truncate_hmac(const unsigned char *mac, unsigned int size)
{
	const unsigned char *at = mac + (mac[size - 1] & 0x0f);
	return ((uint32_t)(at[0] & 0x7f) << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

const char *totp_code(struct arena *arena, const void *secret, size_t length, int64_t step, int digits)
{
	unsigned char counter[8], mac[EVP_MAX_MD_SIZE];
	unsigned int size = sizeof(mac);
	uint32_t modulus = 1;
	for (size_t i = 0; i < sizeof(counter); i++)
		counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
	if (!HMAC(EVP_sha1(), secret, (int)length, counter, sizeof(counter), mac, &size))
		fatal("HMAC-SHA-1 is not to be had");
	for (int i = 0; i < digits; i++)
		modulus *= 10;
	return arena_printf(arena, "%0*u", digits, (unsigned)(truncate_hmac(mac, size) % modulus));
}

const char *totp_code_digits(struct arena *arena, const char *text)
{
	char *digits = arena_alloc(arena, strlen(text) + 1), *to = digits;
	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		if (*text < '0' || *text > '9')
			return NULL;
		*to++ = *text;
	}
	*to = '\0';
	return to - digits == TOTP_DIGITS ? digits : NULL;
}

int64_t totp_find_step(struct arena *arena, const void *secret, size_t length, const char *code, int64_t now,
		       int64_t after)
{
	int64_t found = 0;
	if (strlen(code) != TOTP_DIGITS)
		return 0;
	for (int64_t step = now - STEPS_ASIDE; step <= now + STEPS_ASIDE; step++) {
		const char *expected = totp_code(arena, secret, length, step, TOTP_DIGITS);
		bool same = CRYPTO_memcmp(expected, code, TOTP_DIGITS) == 0;
		if (same && step > after && found == 0)
			found = step;
	}
	return found;
}

const char *base32_encode(struct arena *arena, const void *bytes, size_t length)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	const unsigned char *from = bytes;
	char *text = arena_alloc(arena, (length * 8 + 4) / 5 + 1), *to = text;
	uint32_t waiting = 0;
	int bits = 0;
	for (size_t i = 0; i < length; i++) {
		waiting = (waiting << 8) | from[i];
		for (bits += 8; bits >= 5; bits -= 5)
			*to++ = alphabet[(waiting >> (bits - 5)) & 31];
	}
	if (bits > 0)
		*to++ = alphabet[(waiting << (5 - bits)) & 31];
	*to = '\0';
	return text;
}

/* Everything but the unreserved characters as %XX (RFC 3986 section 2.3). */
static const char *escape(struct arena *arena, const char *text)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	static const char digits[] = "0123456789ABCDEF";
	char *escaped = arena_alloc(arena, 3 * strlen(text) + 1), *to = escaped;
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		if (strchr(unreserved, byte)) {
			*to++ = (char)byte;
			continue;
		}
		*to++ = '%';
		*to++ = digits[byte >> 4];
		*to++ = digits[byte & 15];
	}
	*to = '\0';
	return escaped;
}

const char *totp_uri(struct arena *arena, const char *issuer, const char *account, const char *secret)
{
	const char *name = escape(arena, issuer);
	return arena_printf(arena, "otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d", name,
			    escape(arena, account), secret, name, TOTP_DIGITS, TOTP_STEP_SECONDS);
}
