#include "letters/mail_message.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/ids.h"
#include "letters/mail_encoding.h"
#include "schema/format.h"

#include <string.h>
#include <time.h>

#define MOST_BYTES 262144
#define BOUNDARY_BYTES 12
#define MAX_ADDRESS 254

bool mail_address_valid(const char *address)
{
	return strlen(address) <= MAX_ADDRESS && schema_format_find("email")(address, strlen(address));
}

bool mail_address_parse(struct context *ctx, const char *text, struct mail_address *ret)
{
	const char *open = strrchr(text, '<'), *close = open ? strchr(open, '>') : NULL;
	*ret = (struct mail_address){"", text};
	if (close && close[1] == '\0') {
		size_t length = (size_t)(open - text);
		while (length > 0 && text[length - 1] == ' ')
			length--;
		ret->name = arena_strndup(&ctx->arena, text, length);
		ret->address = arena_strndup(&ctx->arena, open + 1, (size_t)(close - open - 1));
	}
	return mail_address_valid(ret->address);
}

static void append_date(struct buffer *out, int64_t wall)
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)(wall / CLOCK_SECOND);
	struct tm tm;
	(void)gmtime_r(&seconds, &tm);
	buffer_printf(out, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n", days + (size_t)tm.tm_wday * 3, tm.tm_mday,
		      months + (size_t)tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void append_address(struct context *ctx, struct buffer *out, const char *header,
			   const struct mail_address *address)
{
	const char *token = arena_printf(&ctx->arena, "<%s>", address->address);
	buffer_printf(out, "%s:", header);
	if (address->name && address->name[0]) {
		size_t start = out->length;
		size_t used = mail_encode_words(out, address->name, strlen(header) + 1, true);
		bool encoded = !buffer_failed(out) && strstr(buffer_text(out) + start, "=?");
		(void)mail_append_token(out, token, strlen(token), used, encoded ? MAIL_MAX_ENCODED : MAIL_MAX_HEADER);
	} else {
		buffer_printf(out, " %s", token);
	}
	buffer_append_text(out, "\r\n");
}

static void append_part(struct buffer *out, const char *boundary, const char *type, const char *text)
{
	buffer_printf(out,
		      "--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
		      boundary, type);
	mail_encode_quoted(out, text);
	buffer_append_text(out, "\r\n");
}

static void append_headers(struct context *ctx, struct buffer *out, const struct mail_message *message,
			   const char *boundary)
{
	append_date(out, message->date);
	append_address(ctx, out, "From", &message->from);
	append_address(ctx, out, "To", &message->to);
	buffer_append_text(out, "Subject:");
	(void)mail_encode_words(out, message->subject, strlen("Subject:"), false);
	buffer_printf(out, "\r\nMessage-ID: <%s@%s>\r\n", message->id, strchr(message->from.address, '@') + 1);
	buffer_printf(out, "X-EventLoop-Template: %s\r\n", message->template_name);
	buffer_printf(out, "Auto-Submitted: auto-generated\r\nContent-Language: %s\r\nMIME-Version: 1.0\r\n",
		      message->language);
	buffer_printf(out, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n", boundary);
}

const char *mail_message_build(struct context *ctx, const struct mail_message *message, size_t *ret_length)
{
	if (!mail_address_valid(message->from.address) || !mail_address_valid(message->to.address)) {
		(void)context_fail(ctx, ERROR_INVALID_PARAMS, "address", "not an address that letters are sent to");
		return NULL;
	}
	unsigned char random[BOUNDARY_BYTES];
	random_bytes(random, sizeof(random));
	char digits[2 * BOUNDARY_BYTES + 1];
	hex_encode(random, sizeof(random), digits);
	/* "=_" stands in nothing that is quoted-printable, so no part can end early. */
	const char *boundary = arena_printf(&ctx->arena, "=_%s", digits);
	struct buffer out;
	buffer_init_arena(&out, &ctx->arena, MOST_BYTES);
	append_headers(ctx, &out, message, boundary);
	append_part(&out, boundary, "text/plain", message->text);
	append_part(&out, boundary, "text/html", message->html);
	buffer_printf(&out, "--%s--\r\n", boundary);
	if (buffer_failed(&out)) {
		(void)context_fail_internal(ctx, "a letter of more than %d bytes", MOST_BYTES);
		return NULL;
	}
	*ret_length = out.length;
	return buffer_text(&out);
}
