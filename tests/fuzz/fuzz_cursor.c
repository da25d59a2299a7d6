/* List cursors from anybody: nothing that we did not make may be read, and what we make of any values reads back. */
#include "base/fatal.h"
#include "base/text.h"
#include "rpc/cursor_codec.h"

#include <stdint.h>
#include <string.h>

#define CURSOR_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as one value. */
static void check_round_trip(struct arena *arena, const struct cursor_binding *binding, const char *value)
{
	const char *values[] = {value, NULL}, *read[2];
	const char *text = cursor_encode(arena, binding, CURSOR_MAX, 2, values);
	if (!text)
		return;
	if (strlen(text) > CURSOR_MAX || !cursor_decode(arena, binding, text, 2, read))
		fatal("our own cursor does not read back");
	if (read[1] || (text_valid_utf8(value, strlen(value)) && strcmp(read[0], value) != 0))
		fatal("our own cursor reads back as something else");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char secret[SECRET_SIZE] = {7};
	static const struct cursor_binding binding = {secret, "a.b.list", "scope"};
	struct arena arena = {0};
	const char *text = arena_strndup(&arena, (const char *)data, size), *read[2];
	if (cursor_decode(&arena, &binding, text, 2, read) || cursor_decode(&arena, &binding, text, 1, read))
		fatal("a cursor out of nothing");
	check_round_trip(&arena, &binding, text);
	arena_done(&arena);
	return 0;
}
