/* Places where tests pull the plug.
 *
 * crash_point("store:verdict-written") does nothing in a release. With -Dtests=true it leaves the
 * process at once with _exit(137), as kill -9 would, when ERRAND_TEST_CRASH_AT is its name ("NAME"
 * or "NAME:N" for the N-th passage). Every use is recorded in a linker section, so that a test can
 * list all points (errandd --list-crash-points in such a build) and a new one cannot be forgotten.
 * The name "?" crashes nowhere, but writes each passage to stderr as "crash point NAME", so that a
 * test knows where a job comes by.
 * The argument must be a string literal "module:what-just-happened". */
#pragma once

#include <glib.h>

#ifdef ERRAND_TESTS
void crash_point_hit(const char *name);
/* Prints one name per line, sorted, each once. */
void crash_point_list(void);
#define crash_point(name)                                                                          \
    do {                                                                                           \
        static const char *const crash_point_name                                                  \
            __attribute__((section("errand_crash"), used, retain)) = name;                         \
        crash_point_hit(crash_point_name);                                                         \
    } while (0)
#else
#define crash_point(name)                                                                          \
    do {                                                                                           \
    } while (0)
#endif
