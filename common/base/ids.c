#include "base/ids.h"

#include "base/fatal.h"

#include <limits.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

/* Random bytes drawn ahead, a thread its own, so that an identifier costs no call into the generator. */
struct uuid_source {
	unsigned char bytes[1024];
	size_t left;   /* unused bytes at the end */
	uint64_t last; /* time of the last identifier: milliseconds and 12 bits of a fraction */
};

static _Thread_local struct uuid_source source;

void random_bytes(void *bytes, size_t length)
{
	unsigned char *place = bytes;
	while (length > 0) {
		int part = length < INT_MAX ? (int)length : INT_MAX;
		if (RAND_bytes(place, part) != 1)
			fatal("the random generator failed");
		place += part;
		length -= (size_t)part;
	}
}

/* A child process must not give out the identifiers of its parent; only the thread that forked lives on in it. */
static void forget_random_bytes(void)
{
	source.left = 0;
}

__attribute__((constructor)) static void watch_forks(void)
{
	if (pthread_atfork(NULL, NULL, forget_random_bytes) != 0)
		fatal("no memory at start");
}

static void take_random(unsigned char *bytes, size_t length)
{
	if (source.left < length) {
		random_bytes(source.bytes, sizeof(source.bytes));
		source.left = sizeof(source.bytes);
	}
	memcpy(bytes, source.bytes + sizeof(source.bytes) - source.left, length);
	source.left -= length;
}

/* The wall clock in 1/4096 ms (RFC 9562 section 6.2, method 3), made to increase strictly within the thread. When the
 * clock is set back by more than ten seconds, its new time is used. */
static uint64_t next_time(void)
{
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		fatal("the wall clock cannot be read");
	uint64_t milliseconds = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	uint64_t time = milliseconds << 12 | ((uint64_t)now.tv_nsec % 1000000 * 4096 / 1000000);
	const uint64_t ten_seconds = UINT64_C(10000) << 12;
	if (time <= source.last && source.last - time < ten_seconds)
		time = source.last + 1;
	source.last = time;
	return time;
}

void uuid_make(char text[static UUID_SIZE])
{
	uint64_t time = next_time();
	uint64_t milliseconds = time >> 12;
	unsigned char bytes[16];
	for (int i = 5; i >= 0; i--, milliseconds >>= 8)
		bytes[i] = (unsigned char)milliseconds;
	take_random(bytes + 8, 8);
	bytes[6] = (unsigned char)(0x70 | (time >> 8 & 0x0F));
	bytes[7] = (unsigned char)time;
	bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3F));
	char digits[33];
	hex_encode(bytes, sizeof(bytes), digits);
	memcpy(text, digits, 8);
	text[8] = '-';
	memcpy(text + 9, digits + 8, 4);
	text[13] = '-';
	memcpy(text + 14, digits + 12, 4);
	text[18] = '-';
	memcpy(text + 19, digits + 16, 4);
	text[23] = '-';
	memcpy(text + 24, digits + 20, 13);
}

bool uuid_valid(const char *text)
{
	for (int i = 0; i < UUID_SIZE - 1; i++) {
		char character = text[i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool digit = (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
		if (dash ? character != '-' : !digit)
			return false;
	}
	return text[UUID_SIZE - 1] == '\0';
}

void hex_encode(const void *bytes, size_t length, char *text)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *byte = bytes;
	for (size_t i = 0; i < length; i++) {
		text[2 * i] = digits[byte[i] >> 4];
		text[2 * i + 1] = digits[byte[i] & 15];
	}
	text[2 * length] = '\0';
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool hex_decode(const char *text, void *bytes, size_t length)
{
	unsigned char *out = bytes;
	if (strlen(text) != 2 * length)
		return false;
	for (size_t i = 0; i < length; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}
