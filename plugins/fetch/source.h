/* Where a file comes from: whether a URL is allowed, and how it may be shown.
 *
 * A presigned URL's query is a credential: nothing here, and nothing that uses this, puts it into a
 * message.
 */
#pragma once

#include <errand/plugin.h>
#include <limits.h>
#include <stdbool.h>

/* Long enough for any host and path worth reading. */
#define SOURCE_NAME_SIZE 512

typedef struct {
    char name[SOURCE_NAME_SIZE]; /* scheme, host and path, for people */
    bool secure;                 /* https */
} Source;

/* Whose URL it is. */
typedef struct {
    const char *plugin; /* "[plugin NAME]": the group whose settings hold */
    const char *what;   /* what to call it in messages: "\"url\"" */
    const char *fault;  /* the reason for one that is no URL, or has a user in it */
} SourceUse;

/* Fills *source. ERRAND_SUCCEEDED, or refused: use->fault, not-allowed (the scheme, `allow-http`,
 * `hosts`). */
int32_t source_check(errand_job *job, const SourceUse *use, const char *url, Source *source);
/* The same for the text at `pointer` of the document, which must be there; it is invalid-document
 * otherwise. */
int32_t source_read(errand_job *job, const char *plugin, const char *pointer, const char **url,
                    Source *source);

/* The last segment of the URL's path, percent-decoded, when it can be a file's name. */
bool source_file_name(const char *url, char name[NAME_MAX + 1]);
