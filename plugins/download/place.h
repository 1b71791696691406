/* Where a file goes: a directory the owner allows, reached without links, and the file in it.
 *
 * While it is fetched the data is in ".errand-JOBID-HASH.part" beside the target (HASH is of the
 * target's name), so that a leftover can be recognised and the last step is a rename.
 */
#pragma once

#include "request.h"

typedef struct {
    int directory; /* open for reading; -1 when there is none yet (place_check only) */
    char name[NAME_MAX + 1];
    char part[NAME_MAX + 1];
    char path[PATH_MAX]; /* directory and name, for people */
} Place;

/* Finds the place. With must_exist the directory has to be there: FAILED not-found. Refused:
 * invalid-document, not-allowed (outside of `directories`, "..", a symbolic link on the way or as
 * the target, a target that is no regular file). ERRAND_SUCCEEDED otherwise; then place_close(). */
int32_t place_open(errand_job *job, const Request *request, bool must_exist, Place *place);
void place_close(Place *place);

/* Gives the part (open as fd) its owner and mode, makes it durable and renames it to the target.
 * FAILED otherwise, with the part file gone. */
int32_t place_publish(errand_job *job, const Place *place, const Request *request, int fd);
