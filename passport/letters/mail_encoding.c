#include "letters/mail_encoding.h"

#include "base/utf8.h"

#include <openssl/evp.h>
#include <string.h>

#define WORD_START "=?UTF-8?B?"
#define WORD_END "?="
#define WORD_FRAME (strlen(WORD_START) + strlen(WORD_END))
#define WORD_BYTES 45	  /* of text in an encoded word at most: 60 characters of base64 */
#define MAX_PLAIN_WORD 60 /* of one that stays as it is */

/* Words that can be folded between, apart by single spaces. */
static bool is_plain(const char *text, bool as_phrase)
{
	size_t word = 0;
	for (const char *at = text; *at; at++) {
		bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
		if (!letter && *at != ' ' && (as_phrase || *at < '!' || *at > '~'))
			return false;
		word = *at == ' ' ? 0 : word + 1;
		if (word > MAX_PLAIN_WORD || (*at == ' ' && at[1] == ' '))
			return false;
	}
	return text[0] && text[0] != ' ' && text[strlen(text) - 1] != ' ' && !strstr(text, "=?");
}

size_t mail_append_token(struct buffer *out, const char *token, size_t length, size_t used, size_t limit)
{
	bool folds = used + 1 + length > limit;
	buffer_append_text(out, folds ? "\r\n " : " ");
	buffer_append(out, token, length);
	return (folds ? 0 : used) + 1 + length;
}

static size_t append_plain(struct buffer *out, const char *text, size_t used)
{
	while (*text) {
		size_t length = strcspn(text, " ");
		used = mail_append_token(out, text, length, used, MAIL_MAX_HEADER);
		text += length + (text[length] == ' ' ? 1 : 0);
	}
	return used;
}

/* How many bytes of whole characters fit into a word of so many. */
static size_t word_length(const char *text, size_t left, size_t most)
{
	size_t length = 0;
	while (length < left) {
		bool valid;
		size_t step = utf8_step((const unsigned char *)text + length, left - length, &valid);
		if (length + step > most)
			break;
		length += step;
	}
	return length;
}

/* Bytes of text in an encoded word that ends the line; 0 when there is no room for one. */
static size_t room(size_t used)
{
	size_t frame = used + 1 + WORD_FRAME;
	size_t most = frame < MAIL_MAX_ENCODED ? (MAIL_MAX_ENCODED - frame) / 4 * 3 : 0;
	return most < WORD_BYTES ? most : WORD_BYTES;
}

static size_t append_encoded(struct buffer *out, const char *text, size_t used)
{
	for (size_t left = strlen(text); left > 0;) {
		size_t length = word_length(text, left, room(used));
		bool folds = length == 0;
		if (folds)
			length = word_length(text, left, WORD_BYTES);
		unsigned char base64[(WORD_BYTES + 2) / 3 * 4 + 1];
		int encoded = EVP_EncodeBlock(base64, (const unsigned char *)text, (int)length);
		buffer_printf(out, "%s" WORD_START "%s" WORD_END, folds ? "\r\n " : " ", (const char *)base64);
		used = (folds ? 0 : used) + 1 + WORD_FRAME + (size_t)encoded;
		text += length;
		left -= length;
	}
	return used;
}

size_t mail_encode_words(struct buffer *out, const char *text, size_t used, bool as_phrase)
{
	return is_plain(text, as_phrase) ? append_plain(out, text, used) : append_encoded(out, text, used);
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
		if (used + (quoted ? 3 : 1) > MAIL_MAX_ENCODED - 1) {
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
