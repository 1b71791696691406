#include "link-health.h"

void
link_health_subscribed(LinkHealth *self, gint64 now_ms)
{
    self->subscribed_ms = MAX(now_ms, 1);
    self->answered = FALSE;
    self->asked = 0;
}

void
link_health_answered(LinkHealth *self)
{
    self->answered = TRUE;
    self->asked = 0;
    self->silence_told = FALSE;
}

gboolean
link_health_asked(LinkHealth *self)
{
    if (++self->asked != LINK_HEALTH_TIMES || self->silence_told)
        return FALSE;
    self->silence_told = TRUE;
    return TRUE;
}

gboolean
link_health_is_stable(const LinkHealth *self, gint64 now_ms, guint scale)
{
    return self->subscribed_ms > 0 && now_ms - self->subscribed_ms >= LINK_HEALTH_STABLE_MS / scale;
}

LinkHealthSign
link_health_lost(LinkHealth *self, gint64 now_ms, guint scale)
{
    gint64 age = now_ms - self->subscribed_ms;
    gboolean began = self->subscribed_ms > 0;

    self->subscribed_ms = 0;
    /* An attempt that never got that far says nothing about policies. */
    if (!began)
        return LINK_HEALTH_FINE;
    if (!self->answered && age < LINK_HEALTH_POLICY_MS / scale) {
        self->taken_over = 0;
        return ++self->cut == LINK_HEALTH_TIMES ? LINK_HEALTH_POLICY : LINK_HEALTH_FINE;
    }
    self->cut = 0;
    if (self->answered && age < LINK_HEALTH_TAKEOVER_MS / scale)
        return ++self->taken_over == LINK_HEALTH_TIMES ? LINK_HEALTH_TAKEOVER : LINK_HEALTH_FINE;
    self->taken_over = 0;
    return LINK_HEALTH_FINE;
}
