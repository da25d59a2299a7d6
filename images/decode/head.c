#include "decode/head.h"

#include "decode/head_formats.h"

#include <string.h>

struct format {
	const char *type;
	const char *signature;
	size_t length;
	bool (*read)(struct head_bytes *file, struct image_head *ret);
};

static const struct format formats[] = {
    {"image/jpeg", "\xff\xd8\xff", 3, head_jpeg}, {"image/png", "\x89PNG\r\n\x1a\n", 8, head_png},
    {"image/gif", "GIF87a", 6, head_gif},	  {"image/gif", "GIF89a", 6, head_gif},
    {"image/webp", "RIFF", 4, head_webp},
};

static const struct format *find(const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		const struct format *format = &formats[i];
		if (length < format->length || memcmp(bytes, format->signature, format->length) != 0)
			continue;
		/* RIFF holds sound as well. */
		bool other = format->read == head_webp && (length < 12 || memcmp(bytes + 8, "WEBP", 4) != 0);
		return other ? NULL : format;
	}
	return NULL;
}

enum head_result image_head_read(const unsigned char *bytes, size_t length, struct image_head *ret)
{
	const struct format *format = find(bytes, length);
	struct head_bytes file = {.bytes = bytes, .length = length};
	struct image_head head = {.scans = 1, .frames = 1, .whole = true};
	if (!format)
		return HEAD_UNKNOWN;
	head.type = format->type;
	if (!format->read(&file, &head) || head.width < 1 || head.height < 1)
		return HEAD_DAMAGED;
	*ret = head;
	return HEAD_READ;
}
