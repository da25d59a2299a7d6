#include "daemon/library_log.h"

#include "base/fatal.h"
#include "telemetry/log.h"

#include <event2/event.h>

static void log_libevent(int severity, const char *message)
{
	enum log_level level = LOG_DEBUG;
	if (severity == EVENT_LOG_ERR)
		level = LOG_ERROR;
	else if (severity == EVENT_LOG_WARN)
		level = LOG_WARNING;
	else if (severity == EVENT_LOG_MSG)
		level = LOG_INFO;
	log_event(level, NULL, "a library says something", LOG_STRING("library", "libevent"),
		  LOG_STRING("text", message));
}

/* libevent has logged why. */
static void end_for_libevent(int status)
{
	fatal("libevent cannot go on (%d)", status);
}

void library_log_start(void)
{
	event_set_log_callback(log_libevent);
	event_set_fatal_callback(end_for_libevent);
}
