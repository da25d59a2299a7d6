/*
 * The bytes of a list cursor, without knowing where its key comes from. Part of rpc/cursor.h.
 *
 * Format: base64url of 16 bytes (HMAC-SHA-256 of what follows and of what the cursor is bound to, cut short) and a JSON
 * array of strings and nulls.
 */
#ifndef EVENTLOOP_RPC_CURSOR_CODEC_H
#define EVENTLOOP_RPC_CURSOR_CODEC_H

#include "base/arena.h"
#include "base/macros.h"
#include "rpc/secret.h"

#include <stdbool.h>
#include <stddef.h>

#define CURSOR_VALUES_MAX 8

/* What a cursor is bound to. */
struct cursor_binding {
	const unsigned char *secret; /* SECRET_SIZE bytes */
	const char *method;
	const char *scope;
};

/* The cursor's text in the arena; NULL when it would be longer than max characters. count: 1 to CURSOR_VALUES_MAX. */
const char *cursor_encode(struct arena *arena, const struct cursor_binding *binding, size_t max, size_t count,
			  const char *const *values) MUST_CHECK;

/* Reads what cursor_encode made with the same binding and count; texts in the arena. False for anything else. */
bool cursor_decode(struct arena *arena, const struct cursor_binding *binding, const char *text, size_t count,
		   const char **values) MUST_CHECK;

#endif
