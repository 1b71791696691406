/* How often something may happen: so many a second, and so many at once after a pause. Pure, any
 * thread; zeroed is ready for use. */
#pragma once

#include <glib.h>

typedef struct {
    gint64 next_us; /* when the allowance used so far would be back */
} Rate;

/* 0: it may happen now, and is counted. Otherwise the microseconds to wait. now_us is
 * clock_now(). */
gint64 rate_take(Rate *self, guint per_second, guint at_once,
                 gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;
/* The same for what happens less often than each second: once in each_us microseconds. */
gint64 rate_take_each(Rate *self, gint64 each_us, guint at_once,
                      gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;
