/*
 * One step through UTF-8. Leaf of base/text.h and base/buffer.h; callers want those.
 * Source: RFC 3629 section 4 (the byte ranges), Unicode 15 section 3.9 (how much of a broken sequence is one error).
 */
#ifndef EVENTLOOP_BASE_UTF8_H
#define EVENTLOOP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Returns how many bytes (1 to 4, at most length) the sequence at bytes takes. *ret_valid: whether it is well-formed;
 * when it is not, the count is that of the maximal broken part, which a reader replaces by one U+FFFD. length is at
 * least 1. */
static inline size_t utf8_step(const unsigned char *bytes, size_t length, bool *ret_valid)
{
	unsigned char lead = bytes[0];
	*ret_valid = lead < 0x80;
	if (lead < 0xC2 || lead > 0xF4)
		return 1;
	if (lead < 0xE0) {
		*ret_valid = length > 1 && (bytes[1] & 0xC0) == 0x80;
		return *ret_valid ? 2 : 1;
	}
	size_t size = lead < 0xF0 ? 3 : 4;
	/* Overlong forms, surrogates and what is above U+10FFFF show in the second byte. */
	unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
	for (size_t i = 1; i < size; i++) {
		if (i >= length || bytes[i] < low || bytes[i] > high)
			return i;
		low = 0x80;
		high = 0xBF;
	}
	*ret_valid = true;
	return size;
}

#define UTF8_EACH_BYTE UINT64_C(0x0101010101010101)

/* Eight bytes as one number, for tests on all of them at once. */
static inline uint64_t utf8_load8(const void *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof(word));
	return word;
}

#endif
