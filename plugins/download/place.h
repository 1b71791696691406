/* Where a file goes: a directory the owner allows, reached without links, and the file in it.
 *
 * While it is fetched the data is in ".errand-JOBID-HASH.part" beside the target (HASH is of the
 * target's name), so that a leftover can be recognised and the last step is a rename.
 *
 * A signed file is published as the very file that was verified. A rename goes by name, so nobody
 * else may be able to give that name to another file: the directory must be root's, our own or the
 * new owner's, and not writable by group or others (or sticky, as /tmp, where nobody can touch what
 * is ours). And afterwards the target must be the file that is open; else it is removed.
 */
#pragma once

#include "request.h"

typedef struct {
    int directory; /* open for reading; -1 when it is not there yet (without must_exist) */
    char name[NAME_MAX + 1];
    char part[NAME_MAX + 1];
    char path[PATH_MAX]; /* directory and name, for people */
} Place;

/* Finds the place. With must_exist (for run(), not for check()) the directory has to be there:
 * FAILED not-found, or not-allowed where it cannot be entered. Refused: invalid-document,
 * not-allowed (outside of `directories`, "..", a symbolic link on the way or as the target, a
 * target that is no regular file, a signed file in a directory others can write). ERRAND_SUCCEEDED
 * otherwise; then place_close(). */
int32_t place_open(errand_job *job, const Request *request, bool must_exist, Place *place);
void place_close(Place *place);

/* Gives the part (open as fd) its owner and mode, makes it durable and renames it to the target.
 * FAILED otherwise, with the part file gone; also when a stranger's file took its place. */
int32_t place_publish(errand_job *job, const Place *place, const Request *request, int fd);
