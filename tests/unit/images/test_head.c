/* What picture files say of themselves, and what of it is within bounds; and that nothing they say is believed. */
#include "decode/bounds.h"
#include "decode/head.h"
#include "unit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A file under construction. */
struct file {
	unsigned char bytes[1024];
	size_t length;
};

static void add(struct file *file, const void *bytes, size_t length)
{
	assert_true(file->length + length <= sizeof(file->bytes));
	memcpy(file->bytes + file->length, bytes, length);
	file->length += length;
}

/* Literals may hold NULs. */
#define ADD(file, literal) add((file), (literal), sizeof(literal) - 1)

/* The head of a file in memory of exactly its length, so that a sanitizer sees who reads beyond. */
static enum head_result read_exactly(const struct file *file, size_t length, struct image_head *ret)
{
	unsigned char *copy = malloc(length > 0 ? length : 1);
	assert_non_null(copy);
	memcpy(copy, file->bytes, length);
	enum head_result result = image_head_read(copy, length, ret);
	free(copy);
	return result;
}

static struct image_head head_of(const struct file *file)
{
	struct image_head head = {0};
	assert_int_equal(read_exactly(file, file->length, &head), HEAD_READ);
	return head;
}

static void assert_damaged(const struct file *file)
{
	struct image_head head;
	assert_int_equal(read_exactly(file, file->length, &head), HEAD_DAMAGED);
}

static void assert_size(const struct image_head *head, const char *type, int64_t width, int64_t height)
{
	assert_string_equal(head->type, type);
	assert_int_equal(head->width, width);
	assert_int_equal(head->height, height);
}

static void test_knows_types_by_content(void **state)
{
	static const char *const others[] = {"PK\3\4", "<svg xmlns=", "", "\x89PNG", "GIF88a", "BM"};
	(void)state;
	struct image_head head;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(image_head_read((const unsigned char *)others[i], strlen(others[i]), &head),
				 HEAD_UNKNOWN);
	assert_int_equal(image_head_read((const unsigned char *)"RIFF\0\0\0\0WAVE", 12, &head), HEAD_UNKNOWN);
	assert_int_equal(image_head_read((const unsigned char *)"RIFF\0\0\0\0WEBP", 12, &head), HEAD_DAMAGED);
	assert_int_equal(image_head_read((const unsigned char *)"\xff\xd8\xff", 3, &head), HEAD_DAMAGED);
}

/* --- JPEG --- */

#define SCAN "\xff\xda\0\x08\1\1\0\0\x3f\0"
#define DATA "\x12\xff\0\x34\xff\xd0\x56\xff\xd7\x78"

static void test_reads_a_jpeg(void **state)
{
	struct file file = {.length = 0};
	(void)state;
	ADD(&file, "\xff\xd8\xff\xe0\0\x06\xff\xda\xff\xc0");			/* markers inside a segment are none */
	ADD(&file, "\xff\xc0\0\x11\x08\0\x64\1\x2c\3\1\x22\0\2\x11\0\3\x11\0"); /* 300 x 100, colours at half */
	ADD(&file, SCAN DATA "\xff\xd9" SCAN); /* what follows the end is not looked at */
	struct image_head head = head_of(&file);
	assert_size(&head, "image/jpeg", 300, 100);
	assert_int_equal(head.scans, 1);
	assert_int_equal(head.frames, 1);
	assert_true(head.memory < 300 * 100 * 3);
}

/* Scans are counted wherever the decoder would find them, and then all coefficients are in memory. */
static void test_counts_the_scans_of_a_jpeg(void **state)
{
	struct file file = {.length = 0};
	(void)state;
	ADD(&file, "\xff\xd8\xff\xc2\0\x0b\x08\x10\0\x20\0\1\1\x11\0"); /* 8192 x 4096, progressive */
	for (int i = 0; i < 20; i++)
		ADD(&file, SCAN DATA "rubbish\xff\xff\xff");
	struct image_head head = head_of(&file);
	assert_size(&head, "image/jpeg", 8192, 4096);
	assert_int_equal(head.scans, 20);
	assert_true(head.memory >= 8192 * 4096 * 2 && head.memory < 8192 * 4096 * 3);
}

static void test_refuses_jpegs_that_contradict_themselves(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} damaged[] = {
#define BYTES(text) {text, sizeof(text) - 1}
	    BYTES("\xff\xc0\0\x0b\x08\0\0\0\x20\1\1\x11\0"),   /* no lines */
	    BYTES("\xff\xc0\0\x0b\x08\0\x20\0\0\1\1\x11\0"),   /* no columns */
	    BYTES("\xff\xc0\0\x0b\x08\0\x20\0\x20\1\1\x01\0"), /* no samples across */
	    BYTES("\xff\xc0\0\x0b\x08\0\x20\0\x20\1\1\x15\0"), /* too many down */
	    BYTES("\xff\xc0\0\x0b\x08\0\x20\0\x20\2\1\x11\0"), /* a component that is not there */
	    BYTES("\xff\xc0\0\x08\x08\0\x20\0\x20\0"),	       /* no component */
	    BYTES("\xff\xc0\0\x0b\x08\0\x20\0\x20\1\1"),       /* cut off */
	    BYTES("\xff\xc0\0\1"),			       /* shorter than its length */
	    BYTES("\xff\xda\0\x08\1\1\0\0\x3f\0"),	       /* no frame */
	    BYTES("\xff\xc0\0\x0b\x08\0\x20\0\x20\1\1\x11\0\xff\xc2\0\x0b\x08\xff\xff\xff\xff\1\1\x11\0"), /* two */
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		struct file file = {.length = 0};
		ADD(&file, "\xff\xd8");
		add(&file, damaged[i].bytes, damaged[i].length);
		assert_damaged(&file);
	}
}

/* --- PNG --- */

#define PNG "\x89PNG\r\n\x1a\n"
#define IHDR(data) "\0\0\0\x0dIHDR" data "\0\0\0\0"

static void test_reads_a_png(void **state)
{
	struct file file = {.length = 0};
	(void)state;
	ADD(&file, PNG IHDR("\0\x97\x0f\xe0\0\0\0\5\x08\0\0\0\0") "\0\0\0\4IDATabcd\0\0\0\0\0\0\0\0IEND\0\0\0\0");
	struct image_head head = head_of(&file);
	assert_size(&head, "image/png", 9900000, 5);
	assert_int_equal(head.scans, 1);
}

static void test_knows_what_interlacing_takes(void **state)
{
	struct file file = {.length = 0};
	(void)state;
	ADD(&file, PNG IHDR("\0\0\x1b\x58\0\0\x1b\x58\x10\6\0\0\1")); /* 7000 x 7000, 16 bits, with alpha */
	struct image_head head = head_of(&file);
	assert_int_equal(head.scans, 7);
	assert_int_equal(head.memory, 7000 * 7000 * 8);
	struct file largest = {.length = 0};
	ADD(&largest, PNG IHDR("\x7f\xff\xff\xff\x7f\xff\xff\xff\x10\6\0\0\1"));
	head = head_of(&largest);
	assert_true(head.memory > INT64_C(1) << 60);
}

/* Compressed texts become large; frames of an animation count. */
static void test_counts_chunks_of_a_png(void **state)
{
	struct file file = {.length = 0};
	(void)state;
	ADD(&file, PNG IHDR("\0\0\0\x10\0\0\0\x10\x08\2\0\0\0"));
	for (int i = 0; i < 40; i++)
		ADD(&file, "\0\0\0\1zTXtx\0\0\0\0");
	for (int i = 0; i < 3; i++)
		ADD(&file, "\0\0\0\1fcTLx\0\0\0\0");
	struct image_head head = head_of(&file);
	assert_int_equal(head.frames, 3);
	assert_true(head.memory >= INT64_C(40) * 8000000);
}

static void test_refuses_pngs_that_there_are_not(void **state)
{
	static const char *const heads[] = {
	    "\0\0\0\0\0\0\0\5\x08\0\0\0\0",   /* no columns */
	    "\0\0\0\5\x80\0\0\0\x08\0\0\0\0", /* more than 31 bits */
	    "\0\0\0\5\0\0\0\5\x08\1\0\0\0",   /* no such colour */
	    "\0\0\0\5\0\0\0\5\x10\3\0\0\0",   /* a palette of 16 bits */
	    "\0\0\0\5\0\0\0\5\x08\2\0\0\2",   /* no such interlacing */
	    "\0\0\0\5\0\0\0\5\x04\2\0\0\0",   /* colours of 4 bits */
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct file file = {.length = 0};
		ADD(&file, PNG "\0\0\0\x0dIHDR");
		add(&file, heads[i], 13);
		ADD(&file, "\0\0\0\0");
		assert_damaged(&file);
	}
	struct file other = {.length = 0};
	ADD(&other, PNG "\0\0\0\x0dIDAT\0\0\0\5\0\0\0\5\x08\2\0\0\0\0\0\0\0");
	assert_damaged(&other);
}

/* --- GIF and WebP --- */

static void test_reads_a_gif(void **state)
{
	struct file file = {.length = 0};
	(void)state;
	ADD(&file, "GIF89a\x10\0\x10\0\x80\0\0rgbrgb");
	for (int i = 0; i < 5; i++)
		ADD(&file, "\x21\xf9\4abcd\0\x2c\x10\0\x20\0\x20\0\x20\0\0\2\3abc\1d\0");
	ADD(&file, "\x3b\x2c");
	struct image_head head = head_of(&file);
	assert_size(&head, "image/gif", 48, 64); /* a frame stands beyond the screen */
	assert_int_equal(head.frames, 5);
	assert_int_equal(head.memory, 48 * 64 * 12);
	assert_true(head.whole);
}

/* An animation is whole when its last block is: decoders that make a picture of the first frame do not look there. */
static void test_knows_what_ends_before_its_end(void **state)
{
	struct file gif = {.length = 0}, png = {.length = 0};
	(void)state;
	ADD(&gif, "GIF89a\x10\0\x10\0\x80\0\0rgbrgb");
	size_t shortest_gif = gif.length;
	for (int i = 0; i < 2; i++)
		ADD(&gif, "\x21\xf9\4abcd\0\x2c\0\0\0\0\x10\0\x10\0\0\2\3abc\0");
	ADD(&gif, "\x3b");
	ADD(&png, PNG IHDR("\0\0\0\x10\0\0\0\x10\x08\2\0\0\0"));
	size_t shortest_png = png.length;
	ADD(&png, "\0\0\0\1IDATx\0\0\0\0\0\0\0\1fdATx\0\0\0\0\0\0\0\0IEND\0\0\0\0");
	for (size_t length = shortest_gif; length <= gif.length; length++) {
		struct image_head head = {0};
		assert_int_equal(read_exactly(&gif, length, &head), HEAD_READ);
		assert_int_equal(head.whole, length == gif.length);
	}
	for (size_t length = shortest_png; length <= png.length; length++) {
		struct image_head head = {0};
		assert_int_equal(read_exactly(&png, length, &head), HEAD_READ);
		assert_int_equal(head.whole, length == png.length);
	}
}

static void test_reads_a_webp(void **state)
{
	struct file lossy = {.length = 0}, lossless = {.length = 0}, animated = {.length = 0};
	(void)state;
	ADD(&lossy, "RIFF\x20\0\0\0WEBPVP8 \x0a\0\0\0abc\x9d\1\x2a\x2c\x41\x64\x80");
	struct image_head head = head_of(&lossy);
	assert_size(&head, "image/webp", 300, 100); /* two bits are a scale */
	assert_int_equal(head.memory, 300 * 100 * 4);
	ADD(&lossless, "RIFF\x20\0\0\0WEBPVP8L\5\0\0\0\x2f\x2b\xc1\x18\0");
	head = head_of(&lossless);
	assert_size(&head, "image/webp", 300, 100);
	assert_int_equal(head.memory, 300 * 100 * 8);
	ADD(&animated, "RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\2\0\0\0\xff\x3f\0\xff\x1f\0");
	for (int i = 0; i < 4; i++)
		ADD(&animated, "ANMF\1\0\0\0x\0");
	head = head_of(&animated);
	assert_size(&head, "image/webp", 16384, 8192);
	assert_int_equal(head.frames, 4);
	assert_int_equal(head.memory, INT64_C(16384) * 8192 * 12);
}

/* --- bounds --- */

static const struct image_bounds bounds = {
    .max_side = 100, .max_pixels = 5000, .max_scans = 10, .max_frames = 3, .max_segments = 20, .max_decoded = 100000};

static void test_names_the_rule_that_is_broken(void **state)
{
	static const struct {
		struct image_head head;
		const char *rule; /* NULL: none */
		int64_t value;
	} cases[] = {
	    {{.width = 100, .height = 50, .scans = 10, .frames = 3, .memory = 100000}, NULL, 0},
	    {{.width = 1, .height = 101, .scans = 99, .frames = 1, .memory = 1}, "side", 101},
	    {{.width = INT32_MAX, .height = INT32_MAX, .scans = 1, .frames = 1},
	     "pixels",
	     (int64_t)INT32_MAX * INT32_MAX},
	    {{.width = 100, .height = 51, .scans = 1, .frames = 1, .memory = 1}, "pixels", 5100},
	    {{.width = 10, .height = 10, .scans = 11, .frames = 1, .memory = 1}, "scans", 11},
	    {{.width = 10, .height = 10, .scans = 1, .frames = 4, .memory = 1}, "frames", 4},
	    {{.width = 10, .height = 10, .scans = 1, .frames = 1, .memory = 100001}, "memory", 100001},
	    {{.width = 10, .height = 10, .scans = 1, .frames = 1, .segments = 21, .memory = 1}, "segments", 21},
	    {{.width = 10, .height = 10, .scans = 1, .frames = 1, .compressed = 9, .memory = 1}, "compressed", 9},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image_excess excess = {0};
		assert_int_equal(image_bounds_hold(&bounds, &cases[i].head, &excess), !cases[i].rule);
		if (!cases[i].rule)
			continue;
		assert_string_equal(excess.rule, cases[i].rule);
		assert_int_equal(excess.value, cases[i].value);
		assert_true(excess.maximum > 0 && excess.maximum < excess.value);
	}
}

/* Whatever is cut off or changed, the readers stay within the bytes, and give what can be counted with. */
static void test_stays_within_the_bytes(void **state)
{
	static const char *const starts[] = {"\xff\xd8\xff\xc2\0\x0b\x08\x10\0\x20\0\1\1\x11\0" SCAN DATA,
					     "GIF89a\x10\0\x10\0\x80\0\0rgbrgb\x2c\x10\0\x20\0\x20\0\x20\0\0\2\3abc\0"};
	static const size_t lengths[] = {35, 36};
	(void)state;
	for (size_t which = 0; which < ARRAY_SIZE(starts); which++) {
		struct file file = {.length = 0};
		add(&file, starts[which], lengths[which]);
		for (size_t length = 0; length <= file.length; length++) {
			for (size_t place = 0; place < length; place++) {
				struct image_head head = {0};
				unsigned char was = file.bytes[place];
				file.bytes[place] ^= 0xFF;
				if (read_exactly(&file, length, &head) == HEAD_READ)
					assert_true(head.width > 0 && head.height > 0 && head.scans > 0 &&
						    head.frames > 0 && head.memory >= 0);
				file.bytes[place] = was;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_knows_types_by_content),
	    cmocka_unit_test(test_reads_a_jpeg),
	    cmocka_unit_test(test_counts_the_scans_of_a_jpeg),
	    cmocka_unit_test(test_refuses_jpegs_that_contradict_themselves),
	    cmocka_unit_test(test_reads_a_png),
	    cmocka_unit_test(test_knows_what_interlacing_takes),
	    cmocka_unit_test(test_counts_chunks_of_a_png),
	    cmocka_unit_test(test_refuses_pngs_that_there_are_not),
	    cmocka_unit_test(test_reads_a_gif),
	    cmocka_unit_test(test_knows_what_ends_before_its_end),
	    cmocka_unit_test(test_reads_a_webp),
	    cmocka_unit_test(test_names_the_rule_that_is_broken),
	    cmocka_unit_test(test_stays_within_the_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
