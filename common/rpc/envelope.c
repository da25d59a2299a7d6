#include "rpc/envelope.h"

#include "api/api.h"

#include <stdio.h>
#include <string.h>

enum member {
	MEMBER_OTHER,
	MEMBER_JSONRPC,
	MEMBER_ID,
	MEMBER_METHOD,
	MEMBER_PARAMS,
	MEMBER_META,
	MEMBER_RESULT,
	MEMBER_ERROR
};

#define NAME_MAX_ESCAPED (6 * 8) /* longest known name with each character written as \uXXXX */

static bool is(struct json_span span, const char *text, size_t length)
{
	return span.length == length && memcmp(span.data, text, length) == 0;
}

static enum member member_of(struct json_span name, bool escaped)
{
	char plain[NAME_MAX_ESCAPED];
	if (escaped) {
		if (name.length > sizeof(plain))
			return MEMBER_OTHER;
		name = (struct json_span){plain, json_unescape(name, plain)};
	}
	switch (name.length) {
	case 2:
		return is(name, "id", 2) ? MEMBER_ID : MEMBER_OTHER;
	case 4:
		return is(name, "meta", 4) ? MEMBER_META : MEMBER_OTHER;
	case 5:
		return is(name, "error", 5) ? MEMBER_ERROR : MEMBER_OTHER;
	case 6:
		if (is(name, "method", 6))
			return MEMBER_METHOD;
		if (is(name, "params", 6))
			return MEMBER_PARAMS;
		return is(name, "result", 6) ? MEMBER_RESULT : MEMBER_OTHER;
	case 7:
		return is(name, "jsonrpc", 7) ? MEMBER_JSONRPC : MEMBER_OTHER;
	default:
		return MEMBER_OTHER;
	}
}

/* The inside of a string value, unescaped (in the arena when it has escapes). */
static struct json_span text_of(struct json_span value, struct arena *arena)
{
	struct json_span inside = {value.data + 1, value.length - 2};
	if (!memchr(inside.data, '\\', inside.length))
		return inside;
	char *plain = arena_alloc(arena, inside.length);
	return (struct json_span){plain, json_unescape(inside, plain)};
}

static void set_fault(struct envelope_call *call, const char *fault)
{
	if (!call->fault)
		call->fault = fault;
}

static void take_version(struct envelope_call *call, struct json_span value, struct arena *arena, bool *ret_seen)
{
	if (value.data[0] != '"' || !is(text_of(value, arena), "2.0", 3))
		set_fault(call, "jsonrpc must be the string \"2.0\"");
	*ret_seen = true;
}

static void take_id(struct envelope_call *call, struct json_span value)
{
	char first = value.data[0];
	if (first == '{' || first == '[' || first == 't' || first == 'f')
		set_fault(call, "id must be a string, a number or null");
	else if (value.length > ENVELOPE_ID_MAX)
		set_fault(call, "id is longer than 256 bytes");
	else
		call->id = value;
}

static void take_method(struct envelope_call *call, struct json_span value, struct arena *arena)
{
	if (value.data[0] != '"') {
		set_fault(call, "method must be a string");
		return;
	}
	call->method = text_of(value, arena);
	if (call->method.length == 0)
		set_fault(call, "method must not be empty");
	if (call->method.length > API_NAME_MAX)
		set_fault(call, "method is longer than 128 bytes");
}

static void take_params(struct envelope_call *call, struct json_span value)
{
	if (value.data[0] != '{' && value.data[0] != '[')
		set_fault(call, "params must be an object or an array");
	else
		call->params = value;
}

static void take_meta(struct envelope_call *call, struct json_span value)
{
	if (value.data[0] != '{')
		set_fault(call, "meta must be an object");
	else
		call->meta = value;
}

/* A member whose name or value I-JSON forbids. Only for params can the daemon that runs the call report it. Of two ids
 * neither is used. */
static void take_unfit(struct json_scanner *scanner, struct envelope_call *call, enum member member,
		       struct json_span value)
{
	struct json_error error = scanner->unfit;
	size_t start = (size_t)(value.data - scanner->start);
	scanner->unfit.fault = JSON_OK;
	if (member == MEMBER_PARAMS && error.offset >= start) {
		take_params(call, value);
		call->params_error = (struct json_error){.fault = error.fault, .offset = error.offset - start};
		return;
	}
	if (member == MEMBER_ID)
		call->id = (struct json_span){NULL, 0};
	set_fault(call, arena_printf(scanner->arena, "%s at byte %zu", json_fault_text(error.fault), error.offset));
}

static void take_member(struct envelope_call *call, enum member member, struct json_span value, struct arena *arena,
			bool *ret_version)
{
	if (member == MEMBER_JSONRPC)
		take_version(call, value, arena, ret_version);
	else if (member == MEMBER_METHOD)
		take_method(call, value, arena);
	else if (member == MEMBER_PARAMS)
		take_params(call, value);
	else if (member == MEMBER_META)
		take_meta(call, value);
	else if (member == MEMBER_ID)
		take_id(call, value);
}

/* Reads one call, an object that comes next. False on a fault of the scanner. */
static bool scan_call(struct json_scanner *scanner, struct envelope_call *call)
{
	bool version = false, escaped, identified = false;
	const char *start = scanner->cursor;
	if (!json_scan_enter(scanner, JSON_OBJECT))
		return false;
	int step;
	struct json_span name, value;
	for (bool first = true; (step = json_scan_member(scanner, first, &name, &escaped)) == 1; first = false) {
		if (!json_scan_value(scanner, &value))
			return false;
		enum member member = member_of(name, escaped);
		if (scanner->unfit.fault != JSON_OK)
			take_unfit(scanner, call, member, value);
		else
			take_member(call, member, value, scanner->arena, &version);
		identified = identified || member == MEMBER_ID;
	}
	call->text = (struct json_span){start, (size_t)(scanner->cursor - start)};
	if (!version)
		set_fault(call, "jsonrpc is missing");
	if (!call->method.data)
		set_fault(call, "method is missing");
	call->notification = !call->fault && !identified;
	return step == 0;
}

/* Reads what should be a call. False on a fault of the scanner. */
static bool scan_item(struct json_scanner *scanner, struct envelope_call *call)
{
	*call = (struct envelope_call){.fault = NULL};
	if (json_scan_peek(scanner) == JSON_OBJECT)
		return scan_call(scanner, call);
	call->fault = "a call must be an object";
	bool scanned = json_scan_value(scanner, &call->text);
	scanner->unfit.fault = JSON_OK;
	return scanned;
}

static struct envelope_call *grow(struct arena *arena, struct envelope_call *calls, size_t count, size_t *capacity)
{
	size_t larger = *capacity == 0 ? 8 : *capacity * 2;
	struct envelope_call *moved = arena_alloc(arena, larger * sizeof(*moved));
	if (count > 0)
		memcpy(moved, calls, count * sizeof(*moved));
	*capacity = larger;
	return moved;
}

static enum envelope_status refuse(struct envelope *envelope, enum envelope_status status, const char *message)
{
	(void)snprintf(envelope->message, sizeof(envelope->message), "%s", message);
	envelope->status = status;
	return status;
}

static enum envelope_status refuse_fault(struct envelope *envelope, const struct json_scanner *scanner)
{
	bool large = scanner->error.fault == JSON_FAULT_DEPTH || scanner->error.fault == JSON_FAULT_LENGTH;
	envelope->json = scanner->error;
	envelope->count = 0;
	envelope->status = large ? ENVELOPE_TOO_LARGE : ENVELOPE_PARSE_ERROR;
	if (scanner->error.fault == JSON_FAULT_DEPTH)
		(void)snprintf(envelope->message, sizeof(envelope->message), "nested deeper than %u at byte %zu",
			       scanner->max_depth, scanner->error.offset);
	else
		(void)snprintf(envelope->message, sizeof(envelope->message), "%s at byte %zu",
			       json_fault_text(scanner->error.fault), scanner->error.offset);
	return envelope->status;
}

/* Reads the calls of a batch. False on a fault of the scanner; calls beyond the limit are counted, not kept. */
static bool scan_batch(struct json_scanner *scanner, size_t max_calls, struct envelope *envelope)
{
	size_t capacity = 0;
	if (!json_scan_enter(scanner, JSON_ARRAY))
		return false;
	int step;
	struct envelope_call surplus;
	for (bool first = true; (step = json_scan_item(scanner, first)) == 1; first = false) {
		if (envelope->count == capacity && envelope->count < max_calls)
			envelope->calls = grow(scanner->arena, envelope->calls, envelope->count, &capacity);
		bool kept = envelope->count < max_calls;
		if (!scan_item(scanner, kept ? &envelope->calls[envelope->count] : &surplus))
			return false;
		envelope->count++;
	}
	return step == 0;
}

static enum envelope_status read_batch(struct json_scanner *scanner, size_t max_calls, struct envelope *envelope)
{
	envelope->batch = true;
	if (!scan_batch(scanner, max_calls, envelope) || !json_scan_finish(scanner))
		return refuse_fault(envelope, scanner);
	if (envelope->count == 0)
		return refuse(envelope, ENVELOPE_INVALID_REQUEST, "a batch must not be empty");
	if (envelope->count > max_calls) {
		(void)snprintf(envelope->message, sizeof(envelope->message),
			       "a batch of %zu calls, at most %zu are allowed", envelope->count, max_calls);
		envelope->count = 0;
		envelope->status = ENVELOPE_TOO_LARGE;
	}
	return envelope->status;
}

enum envelope_status envelope_scan(const char *text, size_t length, const struct envelope_limits *limits,
				   struct arena *arena, struct envelope *ret)
{
	*ret = (struct envelope){.status = ENVELOPE_OK};
	ret->calls = &ret->single;
	struct json_scanner scanner;
	json_scanner_init(&scanner, text, length, limits->max_depth, arena);
	scanner.tolerant = true;
	enum json_kind kind = json_scan_peek(&scanner);
	if (kind == JSON_ARRAY)
		return read_batch(&scanner, limits->max_calls, ret);
	if (kind == JSON_NOTHING && scanner.cursor == scanner.end)
		(void)json_scan_fail(&scanner, JSON_FAULT_EMPTY);
	struct json_span value;
	bool scanned = kind == JSON_OBJECT ? scan_item(&scanner, &ret->single) : json_scan_value(&scanner, &value);
	if (!scanned || !json_scan_finish(&scanner))
		return refuse_fault(ret, &scanner);
	if (kind != JSON_OBJECT)
		return refuse(ret, ENVELOPE_INVALID_REQUEST, "a request must be an object or an array");
	ret->count = 1;
	return ENVELOPE_OK;
}

/* Reads the members of a reply; *ret_version: "2.0" was said. False on a fault of the scanner. */
static bool scan_reply(struct json_scanner *scanner, struct envelope_reply *reply, bool *ret_version)
{
	if (!json_scan_enter(scanner, JSON_OBJECT))
		return false;
	int step;
	bool escaped;
	struct json_span name, value;
	for (bool first = true; (step = json_scan_member(scanner, first, &name, &escaped)) == 1; first = false) {
		if (!json_scan_value(scanner, &value))
			return false;
		enum member member = member_of(name, escaped);
		if (member == MEMBER_JSONRPC)
			*ret_version = is(value, "\"2.0\"", 5);
		else if (member == MEMBER_ID)
			reply->id = value;
		else if (member == MEMBER_RESULT)
			reply->result = value;
		else if (member == MEMBER_ERROR)
			reply->error = value;
	}
	return step == 0 && json_scan_finish(scanner);
}

bool envelope_scan_reply(const char *text, size_t length, unsigned max_depth, struct arena *arena,
			 struct envelope_reply *ret_reply, struct json_error *ret_error)
{
	struct envelope_reply reply = {.id = {NULL, 0}};
	bool version = false;
	struct json_scanner scanner;
	json_scanner_init(&scanner, text, length, max_depth, arena);
	*ret_error = (struct json_error){.fault = JSON_OK};
	if (!scan_reply(&scanner, &reply, &version)) {
		*ret_error = scanner.error;
		return false;
	}
	bool one = (!reply.result.data) != (!reply.error.data);
	if (!version || !reply.id.data || !one || (reply.error.data && reply.error.data[0] != '{'))
		return false;
	*ret_reply = reply;
	return true;
}
