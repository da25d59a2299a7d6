#include "base/base64url.h"

#include <stdbool.h>
#include <stdint.h>

enum { INVALID = 64 };

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

static unsigned value_of(char character)
{
	if (character >= 'A' && character <= 'Z')
		return (unsigned)(character - 'A');
	if (character >= 'a' && character <= 'z')
		return (unsigned)(character - 'a') + 26;
	if (character >= '0' && character <= '9')
		return (unsigned)(character - '0') + 52;
	return character == '-' ? 62 : character == '_' ? 63 : INVALID;
}

void *base64url_decode(struct arena *arena, const char *text, size_t text_length, size_t *ret_length)
{
	if (text_length % 4 == 1)
		return NULL;
	char *bytes = arena_alloc(arena, text_length / 4 * 3 + text_length % 4 + 1);
	char *out = bytes;
	uint32_t bits = 0;
	unsigned count = 0;
	for (size_t i = 0; i < text_length; i++) {
		unsigned value = value_of(text[i]);
		if (value == INVALID)
			return NULL;
		bits = bits << 6 | value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			*out++ = (char)(bits >> count);
		}
	}
	bool spare_bits = (bits & ((1U << count) - 1)) != 0;
	if (spare_bits)
		return NULL;
	*out = '\0';
	*ret_length = (size_t)(out - bytes);
	return bytes;
}
