#include "rate.h"

gint64
rate_take_each(Rate *self, gint64 each_us, guint at_once, gint64 now_us)
{
    gint64 next_us = MAX(self->next_us, now_us);
    gint64 wait_us = next_us - now_us - each_us * ((gint64)MAX(at_once, 1u) - 1);

    if (wait_us > 0)
        return wait_us;
    self->next_us = next_us + each_us;
    return 0;
}

gint64
rate_take(Rate *self, guint per_second, guint at_once, gint64 now_us)
{
    return rate_take_each(self, G_USEC_PER_SEC / MAX(per_second, 1u), at_once, now_us);
}
