/* What the two halves of durable share. */
#pragma once

#include <glib.h>

/* Sets error from an errno value: "cannot VERB PATH: why; what to do". Always FALSE. */
gboolean durable_fail(const char *verb, const char *path, int code, GError **error);
