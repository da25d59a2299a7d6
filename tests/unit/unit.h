/* CMocka and the headers that it wants before it. */
#ifndef EVENTLOOP_TESTS_UNIT_H
#define EVENTLOOP_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#endif
