#include "attempts.h"

/* A silent service is asked again at once, but not by a whole fleet in step. */
#define ATTEMPTS_SILENCE_JITTER_MS 500

void
attempts_init(Attempts *self, gint64 timeout_ms, gint64 first_ms, gint64 cap_ms)
{
    *self = (Attempts){.timeout_ms = timeout_ms, .fresh_from = 1};
    backoff_init(&self->backoff, first_ms, cap_ms);
}

void
attempts_renew(Attempts *self, gint64 due_ms)
{
    self->fresh_from = self->latest + 1;
    self->sent = 0;
    backoff_reset(&self->backoff);
    attempts_again(self, due_ms);
}

void
attempts_again(Attempts *self, gint64 due_ms)
{
    self->waiting = TRUE;
    self->in_flight = FALSE;
    self->due_ms = due_ms;
}

void
attempts_later(Attempts *self, gint64 now_ms)
{
    attempts_again(self, now_ms + backoff_next(&self->backoff));
}

void
attempts_settle(Attempts *self)
{
    self->waiting = FALSE;
    self->in_flight = FALSE;
}

gboolean
attempts_due(Attempts *self, gint64 now_ms)
{
    if (self->in_flight && now_ms >= self->deadline_ms) {
        /* The time limit already was a wait; only what the back-off asks beyond it is added. */
        gint64 delay = backoff_next(&self->backoff) - self->timeout_ms;
        gint64 jitter = g_random_int_range(0, ATTEMPTS_SILENCE_JITTER_MS);
        attempts_again(self, now_ms + MAX(delay, MIN(jitter, self->timeout_ms)));
    }
    return self->waiting && now_ms >= self->due_ms;
}

void
attempts_sent(Attempts *self, guint64 ticket, gint64 now_ms)
{
    self->waiting = FALSE;
    self->in_flight = TRUE;
    self->deadline_ms = now_ms + self->timeout_ms;
    self->latest = ticket;
    self->tickets[self->next_ticket] = ticket;
    self->next_ticket = (self->next_ticket + 1) % ATTEMPTS_TICKETS;
    self->sent++;
}

void
attempts_link_lost(Attempts *self, gint64 now_ms)
{
    if (self->in_flight)
        attempts_again(self, now_ms);
}

gint64
attempts_next_time(const Attempts *self)
{
    if (self->waiting)
        return self->due_ms;
    return self->in_flight ? self->deadline_ms : ATTEMPTS_NEVER;
}

gboolean
attempts_owns(const Attempts *self, guint64 ticket)
{
    for (guint i = 0; i < ATTEMPTS_TICKETS; i++)
        if (ticket != 0 && self->tickets[i] == ticket)
            return TRUE;
    return FALSE;
}

gboolean
attempts_is_current(const Attempts *self, guint64 ticket)
{
    return ticket >= self->fresh_from && attempts_owns(self, ticket);
}
