/* What this build is. Source: the project version of CMakeLists.txt and the commit it was configured at. */
#ifndef EVENTLOOP_BASE_VERSION_H
#define EVENTLOOP_BASE_VERSION_H

extern const char *const version_number; /* "0.1.0" */
extern const char *const version_commit; /* abbreviated commit, or "unknown" */

#endif
