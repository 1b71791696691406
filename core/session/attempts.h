/* When to send one thing to the service, and to send it again.
 *
 * Every request has a time limit and is repeated, with a fresh ticket (it becomes the clientToken)
 * each time; late answers to earlier attempts are told from answers to earlier contents. Pure
 * bookkeeping: the time (milliseconds of clock_now()) is passed in.
 */
#pragma once

#include "backoff.h"

#include <glib.h>

/* Never: the next time of something that waits for nothing. */
#define ATTEMPTS_NEVER   G_MAXINT64
/* How many tickets are remembered; an answer that is later than this many repeats is lost. */
#define ATTEMPTS_TICKETS 8

typedef struct {
    gint64 timeout_ms;
    Backoff backoff;
    gboolean waiting; /* to be sent at due_ms */
    gboolean in_flight;
    gint64 due_ms;
    gint64 deadline_ms;
    guint sent; /* attempts with the present content */
    guint64 tickets[ATTEMPTS_TICKETS];
    guint next_ticket;  /* where the next one goes */
    guint64 latest;     /* the newest ticket; 0 for none */
    guint64 fresh_from; /* older tickets carried older content */
} Attempts;

void attempts_init(Attempts *self, gint64 timeout_ms, gint64 first_ms, gint64 cap_ms);
/* New content, to be sent at due_ms. Earlier tickets are remembered but not current any more. */
void attempts_renew(Attempts *self, gint64 due_ms);
/* The same content once more at due_ms. */
void attempts_again(Attempts *self, gint64 due_ms);
/* The same content after the next back-off delay. */
void attempts_later(Attempts *self, gint64 now_ms);
/* Nothing is to be sent any more. */
void attempts_settle(Attempts *self);
/* Whether it is to be sent now; an attempt whose time limit has passed is rescheduled first. */
gboolean attempts_due(Attempts *self, gint64 now_ms);
void attempts_sent(Attempts *self, guint64 ticket, gint64 now_ms);
/* The link is gone: what was in flight waits again. */
void attempts_link_lost(Attempts *self, gint64 now_ms);
/* When attempts_due() is worth asking again, or ATTEMPTS_NEVER. */
gint64 attempts_next_time(const Attempts *self);
/* Whether the ticket was one of ours; whether it carried the present content. */
gboolean attempts_owns(const Attempts *self, guint64 ticket);
gboolean attempts_is_current(const Attempts *self, guint64 ticket);
