#include "base/base64url.h"

#include <stdbool.h>
#include <stdint.h>

#define VALUE_MAX 63

size_t base64url_length(size_t length)
{
	size_t rest = length % 3;
	return length / 3 * 4 + (rest > 0 ? rest + 1 : 0);
}

char *base64url_encode(struct arena *arena, const void *bytes, size_t length)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *in = bytes;
	char *text = arena_alloc(arena, base64url_length(length) + 1);
	char *out = text;
	uint32_t bits = 0;
	unsigned count = 0;
	for (size_t i = 0; i < length; i++) {
		bits = bits << 8 | in[i];
		for (count += 8; count >= 6; count -= 6)
			*out++ = alphabet[bits >> (count - 6) & 63];
	}
	if (count > 0)
		*out++ = alphabet[bits << (6 - count) & 63];
	*out = '\0';
	return text;
}

/* One more than each character's value; 0 for what is none, so that it becomes more than any value below. */
static const unsigned char ranks[256] = {
    ['A'] = 1, 2,  3,  4,  5,	       6,  7,  8,  9,  10, 11,	       12, 13, 14, 15,	       16,
    17,	       18, 19, 20, 21,	       22, 23, 24, 25, 26, ['a'] = 27, 28, 29, 30, 31,	       32,
    33,	       34, 35, 36, 37,	       38, 39, 40, 41, 42, 43,	       44, 45, 46, 47,	       48,
    49,	       50, 51, 52, ['0'] = 53, 54, 55, 56, 57, 58, 59,	       60, 61, 62, ['-'] = 63, ['_'] = 64,
};

static inline uint32_t value_of(unsigned char character)
{
	return (uint32_t)ranks[character] - 1;
}

/* Four characters are three bytes. False when one is no character of the alphabet. */
static inline bool decode_four(const unsigned char in[static 4], unsigned char out[static 3])
{
	uint32_t a = value_of(in[0]), b = value_of(in[1]), c = value_of(in[2]), d = value_of(in[3]);
	uint32_t bits = a << 18 | b << 12 | c << 6 | d;
	out[0] = (unsigned char)(bits >> 16);
	out[1] = (unsigned char)(bits >> 8);
	out[2] = (unsigned char)bits;
	return (a | b | c | d) <= VALUE_MAX;
}

/* The two or three characters at the end; none is fine. False also when bits that make no byte are set. */
static bool decode_rest(const unsigned char *in, size_t count, unsigned char **out)
{
	if (count == 0)
		return true;
	uint32_t a = value_of(in[0]), b = value_of(in[1]), c = count == 3 ? value_of(in[2]) : 0;
	uint32_t bits = a << 12 | b << 6 | c, spare = count == 3 ? 0x3 : 0x3ff;
	*(*out)++ = (unsigned char)(bits >> 10);
	if (count == 3)
		*(*out)++ = (unsigned char)(bits >> 2);
	return (a | b | c) <= VALUE_MAX && (bits & spare) == 0;
}

void *base64url_decode(struct arena *arena, const char *text, size_t text_length, size_t *ret_length)
{
	size_t rest = text_length % 4, whole = text_length - rest;
	if (rest == 1)
		return NULL;
	const unsigned char *in = (const unsigned char *)text;
	unsigned char *bytes = arena_alloc(arena, whole / 4 * 3 + rest + 1), *out = bytes;
	for (size_t i = 0; i < whole; i += 4, out += 3) {
		if (!decode_four(in + i, out))
			return NULL;
	}
	if (!decode_rest(in + whole, rest, &out))
		return NULL;
	*out = '\0';
	*ret_length = (size_t)(out - bytes);
	return bytes;
}
