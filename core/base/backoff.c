#include "backoff.h"

void
backoff_init(Backoff *self, gint64 first_ms, gint64 cap_ms)
{
    *self = (Backoff){.first_ms = MAX(first_ms, 1), .cap_ms = MAX(cap_ms, 1)};
}

static gint64
backoff_base(const Backoff *self)
{
    gint64 base = MIN(self->first_ms, self->cap_ms);

    for (guint i = 0; i < self->attempt && base < self->cap_ms; i++)
        base = base > self->cap_ms / 2 ? self->cap_ms : base * 2;
    return base;
}

static gdouble
backoff_draw(const Backoff *self)
{
    return self->random != NULL ? g_rand_double(self->random) : g_random_double();
}

gint64
backoff_next_spread(Backoff *self, gint64 within_ms)
{
    gint64 spread = (gint64)(backoff_draw(self) * (gdouble)MAX(within_ms, 0));
    gint64 delay = backoff_next(self);

    return MAX(delay, spread);
}

gint64
backoff_next(Backoff *self)
{
    gint64 base = backoff_base(self);
    gint64 half = base / 2;
    gint64 delay = half + (gint64)(backoff_draw(self) * (gdouble)(base - half + 1));

    if (self->attempt < G_MAXUINT)
        self->attempt++;
    return CLAMP(delay, 1, base);
}

void
backoff_reset(Backoff *self)
{
    self->attempt = 0;
}
