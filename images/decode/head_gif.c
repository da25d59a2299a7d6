#include "decode/head_formats.h"

enum { INTRODUCER_EXTENSION = 0x21, INTRODUCER_IMAGE = 0x2C };

#define SCREEN 13     /* signature and logical screen descriptor */
#define DESCRIPTOR 9  /* of an image, after its introducer */
#define PIXEL (4 * 3) /* the canvas, what a frame restores it to, and the picture that is made of it */

/* The table of colours that a descriptor's flags speak of. */
static size_t table_length(unsigned flags)
{
	return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Blocks of data, up to the empty one. */
static void skip_blocks(struct head_bytes *file)
{
	while (head_has(file, 1)) {
		size_t length = file->bytes[file->at];
		head_skip(file, 1 + length);
		if (length == 0)
			return;
	}
}

/* A frame may stand beyond the screen: the picture is what holds both. */
static void read_image(struct head_bytes *file, struct image_head *ret)
{
	if (!head_has(file, DESCRIPTOR)) {
		head_skip(file, DESCRIPTOR);
		return;
	}
	const unsigned char *image = file->bytes + file->at;
	int64_t right = (int64_t)head_little16(image) + head_little16(image + 4);
	int64_t bottom = (int64_t)head_little16(image + 2) + head_little16(image + 6);
	ret->width = right > ret->width ? right : ret->width;
	ret->height = bottom > ret->height ? bottom : ret->height;
	head_skip(file, DESCRIPTOR + table_length(image[8]) + 1);
	skip_blocks(file);
	ret->frames++;
}

/* The block behind its introducer. False when nothing follows that is one: at the trailer, or at what is no block. */
static bool read_block(struct head_bytes *file, unsigned introducer, struct image_head *ret)
{
	if (introducer == INTRODUCER_EXTENSION) {
		head_skip(file, 1);
		skip_blocks(file);
	} else if (introducer == INTRODUCER_IMAGE) {
		read_image(file, ret);
	} else {
		return false;
	}
	return true;
}

bool head_gif(struct head_bytes *file, struct image_head *ret)
{
	if (!head_has(file, SCREEN))
		return false;
	ret->frames = 0;
	ret->width = head_little16(file->bytes + 6);
	ret->height = head_little16(file->bytes + 8);
	head_skip(file, SCREEN + table_length(file->bytes[10]));
	do {
		ret->whole = head_has(file, 1);
	} while (ret->whole && read_block(file, file->bytes[file->at++], ret));
	ret->frames = ret->frames > 1 ? ret->frames : 1;
	ret->memory = ret->width * ret->height * PIXEL;
	return true;
}
