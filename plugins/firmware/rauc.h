/* What the RAUC backend's parts share. */
#pragma once

#include "rauc-bus.h"

/* Waits until the service does nothing, at most for the setting `busy-timeout`. `what` is what has
 * to wait, for the message. ERRAND_SUCCEEDED, ERRAND_CANCELLED, or told why not. */
int32_t rauc_wait_idle(Rauc *self, const char *what);
/* Whether the service does nothing. Otherwise as above. */
int32_t rauc_is_idle(Rauc *self, bool *idle);
/* Reads the setting `busy-timeout`. */
int32_t rauc_busy_limit(errand_job *job, int64_t *limit_ms);

/* Tells with `word` that `what` failed with RAUC's words, or ERRAND_CANCELLED for a cancelled one.
 */
int32_t rauc_failed(Rauc *self, const char *word, const char *what, const GError *error);

/* The word for an installation that ended with this text. */
const char *rauc_word(const char *text);

/* How much of a path or URL may be said: no query. */
int rauc_shown(const char *image);

int32_t rauc_install(errand_job *job, const char *image, bool again);
