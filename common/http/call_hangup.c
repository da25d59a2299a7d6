/* The client of a call that is being handled: whether it has gone, and who is told. */
#include "http/engine.h"
#include "http/hangup.h"

static void on_gone(void *argument)
{
	struct http_call *call = argument;
	call->server->engine->gone(call);
}

/* Starts when both are true: input has ended, and the handler has asked to be told of a hang-up. */
static void find_out(struct http_call *call)
{
	/* HTTP/1.0 knows no interim answers. */
	bool can_ask = call->parser.machine.http_minor > 0;
	if (call->ended_fd >= 0 && call->on_hangup && !call->hangup && !call->answered && can_ask)
		call->hangup = http_hangup_begin(call->server->base, call->ended_fd, on_gone, call);
}

void http_on_hangup(struct http_exchange *exchange, void (*function)(void *argument), void *argument)
{
	struct http_call *call = exchange->internal;
	call->on_hangup = function;
	call->on_hangup_argument = argument;
	if (function && !call->connection && !call->answered)
		http_call_hung_up(call);
	else
		find_out(call);
}

void http_call_input_ended(struct http_call *call, int fd)
{
	call->ended_fd = fd;
	find_out(call);
}

void http_call_forget_hangup(struct http_call *call)
{
	call->ended_fd = -1;
	http_hangup_end(call->hangup);
	call->hangup = NULL;
}

void http_call_hung_up(struct http_call *call)
{
	void (*function)(void *argument) = call->on_hangup;
	http_call_forget_hangup(call);
	call->on_hangup = NULL;
	if (function)
		function(call->on_hangup_argument);
}
