#include "base/trace.h"

#include <string.h>

/* 00-<32 hex>-<16 hex>-<2 hex> */
enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53 };

bool request_id_acceptable(const char *text, size_t length)
{
	static const bool accepted[256] = {
	    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['-'] = true, ['_'] = true, ['.'] = true};
	if (length == 0 || length >= REQUEST_ID_SIZE)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!accepted[(unsigned char)text[i]])
			return false;
	}
	return true;
}

/* Lower case, up to the next hyphen or the end. */
static bool is_hex(const char *text, size_t length)
{
	return strspn(text, "0123456789abcdef") == length;
}

static bool is_zero(const char *text, size_t length)
{
	return strspn(text, "0") >= length;
}

bool traceparent_acceptable(const char *text, size_t length)
{
	enum { TRACE_DIGITS = 32, SPAN_DIGITS = 16, FLAG_DIGITS = 2 };
	return length == TRACEPARENT_SIZE - 1 && memcmp(text, "00-", TRACE_AT) == 0 && text[SPAN_AT - 1] == '-' &&
	       text[FLAGS_AT - 1] == '-' && is_hex(text + TRACE_AT, TRACE_DIGITS) &&
	       is_hex(text + SPAN_AT, SPAN_DIGITS) && is_hex(text + FLAGS_AT, FLAG_DIGITS) &&
	       !is_zero(text + TRACE_AT, TRACE_DIGITS) && !is_zero(text + SPAN_AT, SPAN_DIGITS);
}
