#include "base/buffer.h"

#include "base/utf8.h"

/* True when none of eight bytes needs more than copying: no control character, quote, backslash or byte above 0x7F. */
static bool plain8(const unsigned char *bytes)
{
	const uint64_t high = 0x80 * UTF8_EACH_BYTE;
	uint64_t word = utf8_load8(bytes);
	uint64_t quote = word ^ '"' * UTF8_EACH_BYTE;
	uint64_t backslash = word ^ '\\' * UTF8_EACH_BYTE;
	uint64_t found =
	    (word - 0x20 * UTF8_EACH_BYTE) | (quote - UTF8_EACH_BYTE) | (backslash - UTF8_EACH_BYTE) | word;
	return (found & high) == 0;
}

/* How many of the first bytes can be copied as they are. */
static size_t plain_run(const unsigned char *bytes, size_t length)
{
	size_t run = 0;
	while (run < length) {
		if (bytes[run] < 0x80) {
			if (length - run >= 8 && plain8(bytes + run)) {
				run += 8;
				continue;
			}
			if (bytes[run] < 0x20 || bytes[run] == '"' || bytes[run] == '\\')
				break;
			run++;
			continue;
		}
		bool valid;
		size_t size = utf8_step(bytes + run, length - run, &valid);
		if (!valid)
			break;
		run += size;
	}
	return run;
}

static void append_escape(struct buffer *buffer, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	static const char short_forms[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	if (byte >= 0x20 || short_forms[byte] != 0) {
		char text[2] = {'\\', byte >= 0x20 ? (char)byte : short_forms[byte]};
		buffer_append(buffer, text, sizeof(text));
		return;
	}
	char text[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
	buffer_append(buffer, text, sizeof(text));
}

/* Appends the one character at bytes that cannot be copied as it is; returns how many bytes it took. */
static size_t append_special(struct buffer *buffer, const unsigned char *bytes, size_t length)
{
	if (bytes[0] < 0x80) {
		append_escape(buffer, bytes[0]);
		return 1;
	}
	buffer_append(buffer, "\xEF\xBF\xBD", 3);
	bool valid;
	return utf8_step(bytes, length, &valid);
}

void buffer_append_json_bytes(struct buffer *buffer, const char *bytes, size_t length)
{
	const unsigned char *rest = (const unsigned char *)bytes;
	buffer_append_char(buffer, '"');
	while (length > 0 && !buffer->failed) {
		size_t run = plain_run(rest, length);
		buffer_append(buffer, rest, run);
		rest += run;
		length -= run;
		if (length > 0) {
			size_t size = append_special(buffer, rest, length);
			rest += size;
			length -= size;
		}
	}
	buffer_append_char(buffer, '"');
}

void buffer_append_json_string(struct buffer *buffer, const char *text)
{
	if (!text)
		buffer_append_text(buffer, "null");
	else
		buffer_append_json_bytes(buffer, text, strlen(text));
}
