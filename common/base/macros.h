/*
 * Annotations that public declarations carry.
 *
 * MUST_CHECK   the result may not be ignored; ignoring it is spelled (void).
 * MAY_SUSPEND  the function may suspend the running coroutine: every shared pointer is stale after it, and no lock or
 *              iterator may be held across it. The lint gate checks that only marked functions call marked ones.
 *
 * PRINTF(a, b) argument a is a format, b the first value.
 */
#ifndef EVENTLOOP_BASE_MACROS_H
#define EVENTLOOP_BASE_MACROS_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define MAY_SUSPEND
#define PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#define NORETURN __attribute__((noreturn))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
