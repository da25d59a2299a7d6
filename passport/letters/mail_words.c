#include "letters/mail_words.h"

#include "base/buffer.h"
#include "base/text.h"
#include "base/utf8.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

#define ZERO_WIDTH_NON_JOINER 0x200C /* some scripts need these two, and so do many emoji */
#define ZERO_WIDTH_JOINER 0x200D
#define LONGEST 4096 /* bytes that are looked at */

struct reading {
	struct buffer out;
	size_t count, most; /* code points in out */
	size_t cut;	    /* bytes of out before the last one that has room */
	ucs4_t last;	    /* what was appended last; 0: nothing yet */
	bool space;	    /* white space was read and not yet written */
};

static void append(struct reading *reading, ucs4_t character)
{
	uint8_t bytes[4];
	int length = u8_uctomb(bytes, character, sizeof(bytes));
	if (length <= 0)
		return;
	if (reading->count + 1 == reading->most)
		reading->cut = reading->out.length;
	buffer_append(&reading->out, bytes, (size_t)length);
	reading->last = character;
	reading->count++;
}

/* Controls, what is not assigned or private, what only changes how others look. last: what stands before it. */
static bool is_hidden(ucs4_t character, ucs4_t last)
{
	if (character == ZERO_WIDTH_JOINER || character == ZERO_WIDTH_NON_JOINER)
		return last < 0x80;
	return uc_is_general_category_withtable(character, UC_CATEGORY_MASK_C);
}

static bool is_dot(ucs4_t character)
{
	return character == '.' || character == 0x3002 || character == 0xFF0E || character == 0xFF61 ||
	       character == 0x2024;
}

/* True when the two together would make a mail program see an address. */
static bool would_link(ucs4_t last, ucs4_t next)
{
	if (next == '@' || last == '@' || next == 0xFF20 || last == 0xFF20)
		return true;
	if (is_dot(last))
		return uc_is_general_category_withtable(next, UC_CATEGORY_MASK_L);
	return (last == ':' || last == 0xFF1A) && (next == '/' || next == '\\' || next == 0xFF0F);
}

static void take(struct reading *reading, ucs4_t character)
{
	if (uc_is_property_white_space(character)) {
		reading->space = true;
		return;
	}
	if (is_hidden(character, reading->last))
		return;
	if (reading->last != 0 && (reading->space || would_link(reading->last, character)))
		append(reading, ' ');
	reading->space = false;
	append(reading, character);
}

const char *mail_words(struct arena *arena, const char *text, size_t most)
{
	struct reading reading = {.most = most};
	size_t length = text ? strnlen(text, LONGEST) : 0;
	const uint8_t *bytes = (const uint8_t *)text;
	buffer_init_arena(&reading.out, arena, 4 * most + 8);
	for (size_t at = 0; at < length;) {
		ucs4_t character = 0xFFFD;
		bool valid;
		size_t step = utf8_step(bytes + at, length - at, &valid);
		if (valid)
			(void)u8_mbtouc(&character, bytes + at, step);
		take(&reading, character);
		at += step;
		if (reading.count > most)
			return arena_printf(arena, "%.*s…", (int)reading.cut, buffer_text(&reading.out));
	}
	return buffer_text(&reading.out);
}
