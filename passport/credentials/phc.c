#include "credentials/phc.h"

#include "base/base64url.h"

#include <stdio.h>
#include <string.h>

#define SALT_MIN 8 /* bytes; the least Argon2 takes */
#define TAG_MIN 4

/* The two alphabets differ in two characters. */
static void translate(char *text, char plus, char slash)
{
	for (; *text != '\0'; text++)
		*text = *text == '+' || *text == '-' ? plus : *text == '/' || *text == '_' ? slash : *text;
}

/* Bytes of one part of the text, at least `least` and at most PHC_BYTES_MAX; 0 when it is none. */
static size_t read_bytes(struct arena *arena, const char *text, size_t length, size_t least, unsigned char *ret)
{
	char *copy = arena_strndup(arena, text, length);
	if (strpbrk(copy, "-_"))
		return 0;
	translate(copy, '-', '_');
	size_t count;
	const void *bytes = base64url_decode(arena, copy, length, &count);
	if (!bytes || count < least || count > PHC_BYTES_MAX)
		return 0;
	memcpy(ret, bytes, count);
	return count;
}

static bool within_bounds(const struct phc *phc)
{
	return phc->memory <= PHC_MEMORY_MAX && phc->passes <= PHC_PASSES_MAX && phc->lanes <= PHC_LANES_MAX;
}

bool phc_read(struct arena *arena, const char *text, struct phc *ret)
{
	int begin = 0;
	if (sscanf(text, "$argon2id$v=19$m=%9u,t=%9u,p=%9u$%n", &ret->memory, &ret->passes, &ret->lanes, &begin) != 3 ||
	    begin == 0 || !within_bounds(ret))
		return false;
	const char *salt = text + begin, *dollar = strchr(salt, '$');
	if (!dollar)
		return false;
	ret->salt_length = read_bytes(arena, salt, (size_t)(dollar - salt), SALT_MIN, ret->salt);
	ret->tag_length = read_bytes(arena, dollar + 1, strlen(dollar + 1), TAG_MIN, ret->tag);
	return ret->salt_length > 0 && ret->tag_length > 0;
}

const char *phc_write(struct arena *arena, const struct phc *phc)
{
	char *salt = base64url_encode(arena, phc->salt, phc->salt_length);
	char *tag = base64url_encode(arena, phc->tag, phc->tag_length);
	translate(salt, '+', '/');
	translate(tag, '+', '/');
	return arena_printf(arena, "$argon2id$v=19$m=%u,t=%u,p=%u$%s$%s", phc->memory, phc->passes, phc->lanes, salt,
			    tag);
}
