/* Retry delays that spread a fleet: exponential with full jitter, also at the cap.
 *
 * The n-th delay is uniform in [base/2, base] ms with base = min(cap, first * 2^n): never zero,
 * never in step with other devices, and still spread by half its length when the cap is reached.
 * Pure but for the random source, which a test may replace. */
#pragma once

#include <glib.h>

typedef struct {
    gint64 first_ms;
    gint64 cap_ms;
    guint attempt; /* delays handed out since the last reset */
    GRand *random; /* borrowed; NULL for GLib's global one */
} Backoff;

void backoff_init(Backoff *self, gint64 first_ms, gint64 cap_ms);
gint64 backoff_next(Backoff *self) G_GNUC_WARN_UNUSED_RESULT;
/* The same where many may have lost one thing at the same instant: at least a delay that is uniform
 * in [0, within_ms]. */
gint64 backoff_next_spread(Backoff *self, gint64 within_ms) G_GNUC_WARN_UNUSED_RESULT;
void backoff_reset(Backoff *self);
