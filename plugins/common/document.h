/* Checks of a job document that every plugin makes.
 *
 * All answer ERRAND_SUCCEEDED, or have said why with errand_reject() and answer ERRAND_REJECTED.
 */
#pragma once

#include "words.h"

#include <errand/plugin.h>

/* Longest time a document may ask for, in seconds: the service's step timer ends at 10080 minutes.
 */
#define DOCUMENT_SECONDS_MAX (7 * 24 * 3600)

/* Refuses every top-level key that is not in the NULL-terminated list, naming it. A key that is
 * misspelt must not be taken for one that is absent. */
int32_t document_check_keys(errand_job *job, const char *const *allowed);

/* An optional string: *value is NULL when it is absent or null. */
int32_t document_string(errand_job *job, const char *key, const char **value);

/* A string that must be there and not be empty. */
int32_t document_required_string(errand_job *job, const char *key, const char **value);

/* Adds the items of a list, all of them strings, to words. The list must be there. */
int32_t document_words(errand_job *job, const char *key, Words *words);

/* An optional number of seconds, `minimum`..DOCUMENT_SECONDS_MAX; *value is left alone when it is
 * absent. */
int32_t document_seconds(errand_job *job, const char *key, int64_t minimum, int64_t *value);
