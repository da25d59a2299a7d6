#include "base/hash.h"

#include "base/ids.h"

#include <pthread.h>
#include <string.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

/* The paper's SipRound. */
static inline void rounds(struct state *state, int count)
{
	for (int i = 0; i < count; i++) {
		state->v0 += state->v1;
		state->v2 += state->v3;
		state->v1 = rotate(state->v1, 13) ^ state->v0;
		state->v3 = rotate(state->v3, 16) ^ state->v2;
		state->v0 = rotate(state->v0, 32);
		state->v2 += state->v1;
		state->v0 += state->v3;
		state->v1 = rotate(state->v1, 17) ^ state->v2;
		state->v3 = rotate(state->v3, 21) ^ state->v0;
		state->v2 = rotate(state->v2, 32);
	}
}

static inline void compress(struct state *state, uint64_t word)
{
	state->v3 ^= word;
	rounds(state, 2);
	state->v0 ^= word;
}

static inline uint64_t load(const uint8_t *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

uint64_t hash_siphash(const uint8_t key[static HASH_KEY_SIZE], const void *bytes, size_t length)
{
	uint64_t k0 = load(key);
	uint64_t k1 = load(key + 8);
	struct state state = {
	    .v0 = k0 ^ UINT64_C(0x736f6d6570736575),
	    .v1 = k1 ^ UINT64_C(0x646f72616e646f6d),
	    .v2 = k0 ^ UINT64_C(0x6c7967656e657261),
	    .v3 = k1 ^ UINT64_C(0x7465646279746573),
	};
	const uint8_t *rest = bytes;
	size_t left = length;
	for (; left >= 8; rest += 8, left -= 8)
		compress(&state, load(rest));
	/* The last word: what is left over, and the length modulo 256 in its highest byte. */
	uint64_t last = (uint64_t)length << 56;
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)rest[i] << (8 * i);
	compress(&state, last);
	state.v2 ^= 0xFF;
	rounds(&state, 4);
	return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

static uint8_t process_key[HASH_KEY_SIZE];

static void draw_key(void)
{
	random_bytes(process_key, sizeof(process_key));
}

uint64_t hash_bytes(const void *bytes, size_t length)
{
	static pthread_once_t drawn = PTHREAD_ONCE_INIT;
	(void)pthread_once(&drawn, draw_key);
	return hash_siphash(process_key, bytes, length);
}
