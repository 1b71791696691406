/* statusDetails: the small ordered map that an update carries to the service.
 *
 * The service refuses a whole update for one bad pair, so nothing bad can be put in here: keys are
 * checked, values are cleaned, redacted and clipped (text_show), an empty value
 * removes the key. Errand's own words are kept apart from a plugin's: the limit of ten pairs is
 * applied when the map is written out, and the plugin's pairs, the newest first, are the ones left
 * out.
 *
 * Ownership: keys and values are copied. Not thread-safe.
 */
#pragma once

#include <glib.h>

#define DETAILS_PAIRS_MAX        10   /* per update; AWS IoT Device Management quota */
#define DETAILS_KEY_MAX          128  /* bytes of [a-zA-Z0-9:_-] */
#define DETAILS_VALUE_MAX        1024 /* UTF-16 units: the strictest reading of "characters" */
#define DETAILS_PLUGIN_PAIRS_MAX 32   /* how many of a plugin's pairs are remembered at all */

typedef struct _Details Details;

typedef enum {
    DETAILS_OWN,    /* errand's words: reason, message, step ... */
    DETAILS_PLUGIN, /* whatever a plugin added; the first to go */
} DetailsOrigin;

typedef void (*DetailsFunc)(const char *key, const char *value, DetailsOrigin origin,
                            gpointer user_data);

Details *details_new(void);
Details *details_copy(const Details *self);
void details_free(Details *self);

/* Sets or replaces a pair. FALSE when the key is not allowed, when a plugin's pair would replace
 * one of errand's, or when DETAILS_PLUGIN_PAIRS_MAX is reached; nothing is changed then. A value
 * that is NULL or empty after cleaning removes the pair (and is TRUE). */
gboolean details_set(Details *self, DetailsOrigin origin, const char *key, const char *value);
/* printf form of details_set for errand's own words. */
void details_setf(Details *self, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
const char *details_get(const Details *self, const char *key);
guint details_size(const Details *self);

/* Calls func for the at most ten pairs that go to the service, errand's first. */
void details_foreach_sent(const Details *self, DetailsFunc func, gpointer user_data);
/* Calls func for every pair kept (to store them). */
void details_foreach(const Details *self, DetailsFunc func, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Details, details_free)
