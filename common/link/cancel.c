#include "link/cancel.h"

#include <string.h>

#define CANCEL "{\"jsonrpc\":\"2.0\",\"method\":\"link.cancel\",\"params\":{\"id\":"
#define REQUEST "{\"jsonrpc\":\"2.0\",\"id\":"
#define DIGITS_MAX 17

void link_cancel_write(struct buffer *out, uint64_t id)
{
	buffer_append_text(out, CANCEL);
	buffer_append_integer(out, (int64_t)id);
	buffer_append_text(out, "}}");
}

/* The number behind the opening of a line that our clients write. */
static bool read_number(const char *line, size_t length, const char *opening, size_t skip, uint64_t *ret)
{
	size_t at = skip;
	if (length <= skip || memcmp(line, opening, skip) != 0)
		return false;
	for (*ret = 0; at < length && line[at] >= '0' && line[at] <= '9' && at - skip < DIGITS_MAX; at++)
		*ret = *ret * 10 + (uint64_t)(line[at] - '0');
	return at > skip && at < length && (line[at] == ',' || line[at] == '}');
}

bool link_cancel_read(const char *line, size_t length, uint64_t *ret_id)
{
	return read_number(line, length, CANCEL, sizeof(CANCEL) - 1, ret_id);
}

void link_calls_add(struct link_calls *calls, struct link_call *call, const void *connection, const char *line,
		    size_t length)
{
	*call = (struct link_call){.connection = connection};
	if (!read_number(line, length, REQUEST, sizeof(REQUEST) - 1, &call->id))
		return;
	call->place = &calls->buckets[call->id % LINK_CALL_BUCKETS];
	call->next = *call->place;
	if (call->next)
		call->next->place = &call->next;
	*call->place = call;
}

void link_calls_remove(struct link_call *call)
{
	if (!call->place)
		return;
	*call->place = call->next;
	if (call->next)
		call->next->place = call->place;
	call->place = NULL;
}

void link_calls_cancel(struct link_calls *calls, const void *connection, uint64_t id)
{
	for (struct link_call *call = calls->buckets[id % LINK_CALL_BUCKETS]; call; call = call->next)
		if (call->connection == connection && call->id == id)
			rpc_hangup_tell(&call->hangup);
}
