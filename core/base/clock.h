/* Time that only goes forward. The one place that reads a clock.
 *
 * All intervals are CLOCK_BOOTTIME: it counts while the machine sleeps and no NTP step moves it.
 * The wall clock decides nothing; clock_wall_text() exists for people reading history.
 *
 * In a build with -Dtests=true, ERRAND_TEST_TIME_SCALE=N (1..10000) makes every timer set through
 * clock_timer_add_scaled() N times shorter, for tests that would otherwise wait out back-offs.
 */
#pragma once

#include <glib.h>

/* Microseconds since boot, suspend included. */
gint64 clock_now(void);

/* Calls func once after ms milliseconds of boot time on the given context's loop (NULL: the
 * thread's default). func returns G_SOURCE_REMOVE, or G_SOURCE_CONTINUE to be called again after
 * the same time. The source is attached; the caller holds a reference and destroys it with
 * clock_timer_clear(). */
GSource *clock_timer_add(gint64 ms, GSourceFunc func, gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
/* The same, shortened by the test scale: for back-offs and other long constants. */
GSource *clock_timer_add_scaled(gint64 ms, GSourceFunc func,
                                gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
/* Destroys and forgets a timer; NULL inside is fine. */
void clock_timer_clear(GSource **timer);
/* The scale in force; 1 in a release build. */
guint clock_scale(void);

/* The kernel's id of this boot, from the given file (36 characters, trimmed); NULL with
 * G_FILE_ERROR or G_FILE_ERROR_INVAL when it is not 1..64 printable characters. Caller frees. */
char *clock_boot_id(const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "2026-11-23T14:19:12Z", for people only. Caller frees. */
char *clock_wall_text(void);
