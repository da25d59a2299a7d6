#include "base/version.h"

const char *const version_number = EVENTLOOP_VERSION;
const char *const version_commit = EVENTLOOP_COMMIT;
