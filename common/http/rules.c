#include "http/rules.h"

#include "http/parser.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum {
	BAD_REQUEST = 400,
	EXPECTATION_FAILED = 417,
	NOT_IMPLEMENTED = 501,
	VERSION_NOT_SUPPORTED = 505,
	LENGTH_DIGITS = 18, /* always fits 64 bits */
	ADDRESS_SIZE = 46,  /* INET6_ADDRSTRLEN */
};

/* The headers that say where a request begins and ends and for whom it is. */
struct framing {
	const char *host, *length, *coding; /* the first of each, or NULL */
	size_t hosts, lengths, codings;
	bool unknown_expectation;
};

static void note(const struct http_fields *fields, const struct http_field *field, struct framing *framing)
{
	const char *name = fields->text.data + field->name;
	const char *value = fields->text.data + field->value;
	/* The length of a name tells these apart at no cost. */
	switch (field->name_length) {
	case sizeof("Host") - 1:
		if (strcasecmp(name, "Host") == 0 && framing->hosts++ == 0)
			framing->host = value;
		break;
	case sizeof("Expect") - 1:
		if (strcasecmp(name, "Expect") == 0 && strcasecmp(value, "100-continue") != 0)
			framing->unknown_expectation = true;
		break;
	case sizeof("Content-Length") - 1:
		if (strcasecmp(name, "Content-Length") == 0 && framing->lengths++ == 0)
			framing->length = value;
		break;
	case sizeof("Transfer-Encoding") - 1:
		if (strcasecmp(name, "Transfer-Encoding") == 0 && framing->codings++ == 0)
			framing->coding = value;
		break;
	default:
		break;
	}
}

static bool method_served(const char *method)
{
	static const char *const served[] = {"POST", "GET", "OPTIONS", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"};
	for (size_t i = 0; i < ARRAY_SIZE(served); i++)
		if (strcmp(method, served[i]) == 0)
			return true;
	return false;
}

static bool escape_valid(const char *text)
{
	return isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2]);
}

/* RFC 3986 section 3.2.2: what stands between brackets, an IPv6 address or one of a version to come. */
static bool literal_valid(const char *text, size_t length)
{
	char address[ADDRESS_SIZE];
	if (length == 0 || length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	struct in6_addr ignored;
	return inet_pton(AF_INET6, address, &ignored) == 1;
}

/* Empty, or at most 65535. */
static bool port_valid(const char *text, size_t length)
{
	long port = 0;
	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)text[i]) || (port = port * 10 + (text[i] - '0')) > UINT16_MAX)
			return false;
	}
	return true;
}

/* RFC 3986 section 3.2.2: a reg-name or an address in brackets, and perhaps a port. Never userinfo, which RFC 9110
 * section 4.2.4 has treated as an error. */
static bool host_valid(const char *text, size_t length)
{
	static const char marks[] = "-._~!$&'()*+,;=";
	const char *at = text, *end = text + length;
	if (at < end && *at == '[') {
		while (at < end && *at != ']')
			at++;
		if (at == end || !literal_valid(text + 1, (size_t)(at - text - 1)))
			return false;
		at++;
	} else {
		while (at < end && (isalnum((unsigned char)*at) || (*at != '\0' && strchr(marks, *at)) ||
				    (*at == '%' && end - at > 2 && escape_valid(at))))
			at++;
	}
	return at == end || (*at == ':' && port_valid(at + 1, (size_t)(end - at - 1)));
}

static bool bytes_valid(const char *target)
{
	for (const char *at = target; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || *at == '#' || (*at == '%' && !escape_valid(at)))
			return false;
	return true;
}

/* Origin form, absolute form, or the asterisk of OPTIONS (RFC 9112 section 3.2). */
static bool target_valid(const char *method, const char *target)
{
	if (!bytes_valid(target))
		return false;
	if (target[0] == '/')
		return true;
	if (strcmp(target, "*") == 0)
		return strcmp(method, "OPTIONS") == 0;
	size_t scheme = strncasecmp(target, "http://", 7) == 0 ? 7 : strncasecmp(target, "https://", 8) == 0 ? 8 : 0;
	size_t authority = strcspn(target + scheme, "/?");
	return scheme > 0 && authority > 0 && target[scheme] != ':' && host_valid(target + scheme, authority);
}

static bool is_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	return digits > 0 && text[digits] == '\0' && digits <= LENGTH_DIGITS;
}

/* The last coding is the one that says where the message ends; any before it would have to be undone. */
static int coding_fault(const char *coding)
{
	static const char chunked[] = "chunked";
	size_t length = strlen(coding), last = sizeof(chunked) - 1;
	if (length < last || strcasecmp(coding + length - last, chunked) != 0)
		return BAD_REQUEST;
	if (length == last)
		return 0;
	char before = coding[length - last - 1];
	bool separate = before == ',' || before == ' ' || before == '\t';
	bool twice = strncasecmp(coding, chunked, last) == 0 && strcspn(coding, ", \t;") == last;
	return separate && !twice ? NOT_IMPLEMENTED : BAD_REQUEST;
}

static int body_fault(const struct http_head *head, const struct framing *framing)
{
	if (framing->codings > 0) {
		if (framing->lengths > 0 || framing->codings > 1 || head->minor == 0)
			return BAD_REQUEST;
		int fault = coding_fault(framing->coding);
		if (fault != 0)
			return fault;
	}
	if (framing->lengths > 1 || (framing->lengths == 1 && !is_number(framing->length)))
		return BAD_REQUEST;
	bool content =
	    framing->codings > 0 || (framing->lengths > 0 && strspn(framing->length, "0") != strlen(framing->length));
	bool may_not = strcmp(head->method, "HEAD") == 0 || strcmp(head->method, "TRACE") == 0;
	return content && may_not ? BAD_REQUEST : 0;
}

int http_rules_fault(const struct http_head *head)
{
	struct framing framing = {.host = NULL};
	if (head->major != 1)
		return VERSION_NOT_SUPPORTED;
	if (!method_served(head->method))
		return NOT_IMPLEMENTED;
	for (size_t i = 0; i < head->fields->count; i++)
		note(head->fields, &head->fields->items[i], &framing);
	if (framing.hosts > 1 || (framing.hosts == 0 && head->minor > 0))
		return BAD_REQUEST;
	if (framing.hosts > 0 && !host_valid(framing.host, strlen(framing.host)))
		return BAD_REQUEST;
	if (!target_valid(head->method, head->target))
		return BAD_REQUEST;
	int fault = body_fault(head, &framing);
	if (fault != 0)
		return fault;
	return framing.unknown_expectation ? EXPECTATION_FAILED : 0;
}
