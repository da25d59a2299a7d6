#include "base/text.h"

#include "base/fatal.h"
#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

static bool ascii8(const char *bytes)
{
	return (utf8_load8(bytes) & 0x80 * UTF8_EACH_BYTE) == 0;
}

bool text_valid_utf8(const char *bytes, size_t length)
{
	size_t at = 0;
	while (at < length) {
		if (length - at >= 8 && ascii8(bytes + at)) {
			at += 8;
			continue;
		}
		bool valid;
		at += utf8_step((const unsigned char *)bytes + at, length - at, &valid);
		if (!valid)
			return false;
	}
	return true;
}

size_t text_code_points(const char *bytes, size_t length)
{
	size_t count = 0;
	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
	return count;
}

/* True when every character is below U+0300 or in U+0400 to U+047F (Latin, Cyrillic): these neither combine nor have
 * another normal form, which spares most texts the slow way. */
static bool certainly_nfc(const char *text)
{
	for (const char *byte = text; *byte != '\0'; byte++) {
		unsigned char lead = (unsigned char)*byte;
		if (lead > 0xCB && lead != 0xD0 && lead != 0xD1)
			return false;
	}
	return true;
}

/* Moves what libunistring allocated into the arena. The text was well-formed, so only memory can have been missing. */
static const char *into_arena(struct arena *arena, uint8_t *made, size_t length)
{
	if (!made)
		fatal("out of memory for a text");
	const char *text = arena_strndup(arena, (const char *)made, length);
	free(made);
	return text;
}

const char *text_normalize(struct arena *arena, const char *text)
{
	if (certainly_nfc(text))
		return text;
	size_t size = strlen(text);
	if (!text_valid_utf8(text, size))
		return text;
	size_t length;
	uint8_t *normal = u8_normalize(UNINORM_NFC, (const uint8_t *)text, size, NULL, &length);
	if (normal && length == size && memcmp(normal, text, size) == 0) {
		free(normal);
		return text;
	}
	return into_arena(arena, normal, length);
}

/* The length of the character at the start when it is white space, 0 otherwise. */
static size_t leading_space(const uint8_t *text, size_t length)
{
	ucs4_t character;
	int size = length > 0 ? u8_mbtoucr(&character, text, length) : 0;
	return size > 0 && uc_is_property_white_space(character) ? (size_t)size : 0;
}

/* The same for the character at the end. */
static size_t trailing_space(const uint8_t *text, size_t length)
{
	size_t start = length;
	while (start > 0 && length - start < 4) {
		start--;
		if ((text[start] & 0xC0) != 0x80)
			break;
	}
	size_t size = leading_space(text + start, length - start);
	return size == length - start ? size : 0;
}

const char *text_trim(struct arena *arena, const char *text)
{
	const uint8_t *start = (const uint8_t *)text;
	size_t length = strlen(text);
	size_t size;
	while ((size = leading_space(start, length)) > 0) {
		start += size;
		length -= size;
	}
	const size_t before = length;
	while ((size = trailing_space(start, length)) > 0)
		length -= size;
	if (length == before)
		return (const char *)start;
	return arena_strndup(arena, (const char *)start, length);
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80)
			return false;
	}
	return true;
}

static const char *fold_ascii(struct arena *arena, const char *text)
{
	char *folded = arena_strdup(arena, text);
	for (char *character = folded; *character != '\0'; character++) {
		if (*character >= 'A' && *character <= 'Z')
			*character = (char)(*character + ('a' - 'A'));
	}
	return folded;
}

const char *text_fold(struct arena *arena, const char *text)
{
	if (is_ascii(text))
		return fold_ascii(arena, text);
	size_t size = strlen(text);
	if (!text_valid_utf8(text, size))
		return text;
	size_t length;
	uint8_t *folded = u8_casefold((const uint8_t *)text, size, NULL, UNINORM_NFC, NULL, &length);
	return into_arena(arena, folded, length);
}

const char *text_letters(struct arena *arena, const char *text)
{
	const char *folded = text_fold(arena, text);
	size_t length = strlen(folded), used = 0;
	char *letters = arena_strdup(arena, folded);
	ucs4_t character;
	int size;
	for (size_t at = 0; at < length; at += (size_t)size) {
		size = u8_mbtoucr(&character, (const uint8_t *)folded + at, length - at);
		if (size <= 0)
			break;
		if (!uc_is_general_category_withtable(character, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M))
			continue;
		memcpy(letters + used, folded + at, (size_t)size);
		used += (size_t)size;
	}
	letters[used] = '\0';
	return letters;
}

static bool is_direction_override(ucs4_t character)
{
	return (character >= 0x202A && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069);
}

/* Controls, line and paragraph separators, code points that are no characters. */
static bool breaks_a_line(ucs4_t character)
{
	return uc_is_general_category_withtable(character,
						UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp) ||
	       uc_is_property_not_a_character(character);
}

/* Letters, digits, punctuation and symbols, but for the fillers among them that show nothing. */
static bool is_seen(ucs4_t character)
{
	const ucs4_t blank_braille = 0x2800;
	return uc_is_general_category_withtable(character, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N |
							       UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S) &&
	       !uc_is_property_default_ignorable_code_point(character) && character != blank_braille;
}

bool text_is_display_name(const char *bytes, size_t length)
{
	bool seen = false;
	ucs4_t character;
	int size;
	for (size_t at = 0; at < length; at += (size_t)size) {
		size = u8_mbtoucr(&character, (const uint8_t *)bytes + at, length - at);
		if (size <= 0 || is_direction_override(character) || breaks_a_line(character))
			return false;
		seen = seen || is_seen(character);
	}
	return seen;
}

bool text_is_line(const char *bytes, size_t length)
{
	return length == 0 || text_is_display_name(bytes, length);
}
