/* The body of a request at the direct engine: read when there is room for it, or left. */
#include "http/direct/body.h"

#include "base/clock.h"
#include "http/hangup.h"

void direct_invite_body(struct direct_connection *connection)
{
	const struct http_call *call = connection->call;
	if (connection->invited)
		return;
	connection->invited = true;
	if (call->parser.machine.http_minor == 0 || !http_fields_get(&call->fields, "Expect"))
		return;
	/* If it cannot be sent, the client sends its body after a while anyway. */
	http_send_continue(connection->fd);
}

void direct_start_early(struct direct_connection *connection)
{
	struct http_call *call = connection->call;
	http_peers_busy(connection->direct->server, &connection->seat);
	call->early = true;
	connection->paused = clock_monotonic();
	direct_enter(connection, DIRECT_STREAMING, connection->deadline);
	http_call_run(call);
}

void direct_want(struct direct_connection *connection)
{
	if (connection->state != DIRECT_STREAMING || http_call_window(connection->call) == 0)
		return;
	direct_invite_body(connection);
	if (connection->paused != 0)
		connection->deadline += clock_monotonic() - connection->paused;
	connection->paused = 0;
	http_peers_wait(connection->direct->server, &connection->seat);
	direct_read_on(connection);
}

void direct_pause_body(struct direct_connection *connection)
{
	direct_read_off(connection);
	http_peers_busy(connection->direct->server, &connection->seat);
	connection->paused = clock_monotonic();
}

void direct_leave_body(struct direct_connection *connection)
{
	connection->last = true;
	connection->linger = true;
	if (connection->state != DIRECT_STREAMING)
		return;
	direct_read_off(connection);
	http_peers_busy(connection->direct->server, &connection->seat);
	connection->paused = 0;
	direct_enter(connection, DIRECT_HANDLING, DEADLINE_NEVER);
}

void direct_stream_fails(struct direct_connection *connection, int status)
{
	direct_leave_body(connection);
	http_call_body_failed(connection->call, status);
}
