#include "document.h"

#include <stdbool.h>
#include <string.h>

static bool
is_listed(const char *const *list, const char *text)
{
    for (; *list != NULL; list++) {
        if (strcmp(*list, text) == 0)
            return true;
    }
    return false;
}

int32_t
document_check_keys(errand_job *job, const char *const *allowed)
{
    const char *key;

    for (int32_t i = 0; (key = errand_get_key(job, "", i)) != NULL; i++) {
        if (!is_listed(allowed, key))
            return errand_reject(job, "invalid-document",
                                 "operation %s does not know the key \"%s\": remove it",
                                 errand_operation_name(job), key);
    }
    return ERRAND_SUCCEEDED;
}

int32_t
document_string(errand_job *job, const char *key, const char **value)
{
    char pointer[64];

    *value = NULL;
    snprintf(pointer, sizeof pointer, "/%s", key);
    switch (errand_get_type(job, pointer)) {
    case ERRAND_TYPE_NONE:
    case ERRAND_TYPE_NULL:
        return ERRAND_SUCCEEDED;
    case ERRAND_TYPE_STRING:
        *value = errand_get_string(job, pointer);
        return ERRAND_SUCCEEDED;
    default:
        return errand_reject(job, "invalid-document", "\"%s\" must be a string", key);
    }
}

int32_t
document_required_string(errand_job *job, const char *key, const char **value)
{
    int32_t verdict = document_string(job, key, value);

    if (verdict == ERRAND_SUCCEEDED && (*value == NULL || **value == '\0'))
        return errand_reject(job, "invalid-document", "operation %s needs \"%s\", a string",
                             errand_operation_name(job), key);
    return verdict;
}

int32_t
document_words(errand_job *job, const char *key, Words *words)
{
    char pointer[64];
    int32_t length;

    snprintf(pointer, sizeof pointer, "/%s", key);
    if (errand_get_type(job, pointer) != ERRAND_TYPE_ARRAY)
        return errand_reject(job, "invalid-document", "\"%s\" must be a list of strings", key);
    length = errand_get_length(job, pointer);
    for (int32_t i = 0; i < length; i++) {
        const char *word;

        snprintf(pointer, sizeof pointer, "/%s/%d", key, (int)i);
        word = errand_get_string(job, pointer);
        if (word == NULL)
            return errand_reject(job, "invalid-document", "\"%s\": item %d is not a string", key,
                                 (int)i);
        words_add(words, word);
    }
    return ERRAND_SUCCEEDED;
}

int32_t
document_seconds(errand_job *job, const char *key, int64_t minimum, int64_t *value)
{
    char pointer[64];
    int64_t number = 0;

    snprintf(pointer, sizeof pointer, "/%s", key);
    if (errand_get_type(job, pointer) <= ERRAND_TYPE_NULL)
        return ERRAND_SUCCEEDED;
    if (errand_get_int(job, pointer, &number) != 0 || number < minimum ||
        number > DOCUMENT_SECONDS_MAX)
        return errand_reject(job, "invalid-document",
                             "\"%s\" must be a whole number of seconds, %d to %d", key,
                             (int)minimum, DOCUMENT_SECONDS_MAX);
    *value = number;
    return ERRAND_SUCCEEDED;
}
