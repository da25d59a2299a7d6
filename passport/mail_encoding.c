#include "mail_encoding.h"

#include "base/utf8.h"

#include <openssl/evp.h>
#include <string.h>

#define MAX_LINE 76
#define WORD_START "=?UTF-8?B?"
#define WORD_END "?="
#define WORD_BYTES 42 /* of text in an encoded word: 56 characters of base64, 68 in all */

static bool is_plain(const char *text, bool as_phrase)
{
	for (const char *at = text; *at; at++) {
		bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
		if (!letter && *at != ' ' && (as_phrase || *at < '!' || *at > '~'))
			return false;
	}
	return text[0] && text[0] != ' ' && text[strlen(text) - 1] != ' ' && !strstr(text, "=?");
}

/* How many bytes of whole characters fit into a word. */
static size_t word_length(const char *text, size_t left)
{
	size_t length = 0;
	while (length < left) {
		bool valid;
		size_t step = utf8_step((const unsigned char *)text + length, left - length, &valid);
		if (length + step > WORD_BYTES)
			break;
		length += step;
	}
	return length;
}

void mail_encode_words(struct buffer *out, const char *text, size_t used, bool as_phrase)
{
	size_t left = strlen(text);
	if (is_plain(text, as_phrase) && used + 1 + left <= MAX_LINE) {
		buffer_printf(out, " %s", text);
		return;
	}
	bool first = true;
	while (left > 0) {
		unsigned char base64[(WORD_BYTES + 2) / 3 * 4 + 1];
		size_t length = word_length(text, left);
		(void)EVP_EncodeBlock(base64, (const unsigned char *)text, (int)length);
		/* The first may not fit behind the header's name: Subject: is nine bytes, so it does. */
		buffer_printf(out, "%s" WORD_START "%s" WORD_END, first ? " " : "\r\n ", (const char *)base64);
		text += length;
		left -= length;
		first = false;
	}
}

/* White space at the end of a line is lost on the way, so it is encoded there. */
static bool stays(const char *at)
{
	bool line_end = at[1] == '\n' || at[1] == '\0';
	return (*at > ' ' && *at <= '~' && *at != '=') || (*at == ' ' && !line_end);
}

void mail_encode_quoted(struct buffer *out, const char *text)
{
	size_t used = 0;
	for (const char *at = text; *at; at++) {
		if (*at == '\n') {
			buffer_append_text(out, "\r\n");
			used = 0;
			continue;
		}
		bool quoted = !stays(at);
		if (used + (quoted ? 3 : 1) > MAX_LINE - 1) {
			buffer_append_text(out, "=\r\n");
			used = 0;
		}
		/* A lone dot ends a message in SMTP, and "From " begins one in a mailbox file. */
		quoted = quoted || (used == 0 && (*at == '.' || strncmp(at, "From ", 5) == 0));
		if (quoted)
			buffer_printf(out, "=%02X", (unsigned char)*at);
		else
			buffer_append_char(out, *at);
		used += quoted ? 3 : 1;
	}
}
