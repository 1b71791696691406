/* What differs from installer to installer: how an image gets into the slot that does not run,
 * which slot runs, and how a boot is confirmed or taken back.
 *
 * Everything else (fetching, the order of things, what survives a power cut, health checks, the
 * verdict) is the same for all and is not here. A backend keeps no state of its own between calls:
 * each call may come from a new process, after a crash or on another boot.
 *
 * Functions block. Where a wait may be long they watch errand_cancel_fd() unless told otherwise,
 * and call errand_progress() at least every ten seconds. They answer ERRAND_SUCCEEDED,
 * ERRAND_CANCELLED, or have told a reason with errand_fail() or errand_reject(). Nothing they are
 * told by an installer is believed about success but its final word, and nothing at all about what
 * will boot next: only booted() decides, afterwards.
 */
#pragma once

#include <errand/plugin.h>
#include <stdbool.h>

#define BACKEND_TEXT 256

/* A slot's name where it was never heard: the one that does not run. */
#define BACKEND_OTHER "other"

typedef struct {
    char slot[BACKEND_TEXT];    /* the slot that runs: "A", "rootfs.0"; never empty */
    char version[BACKEND_TEXT]; /* of the system that runs; "" when it cannot be told */
} Booted;

typedef struct {
    char compatible[BACKEND_TEXT]; /* "" when the installer does not tell */
    char version[BACKEND_TEXT];    /* likewise */
} Image;

typedef struct {
    const char *name; /* what the document's "backend" and the setting say */

    /* For check(): the settings are right; nothing is started or waited for. */
    int32_t (*check)(errand_job *job);

    /* The system that runs. Not asked while install() may still go on from an earlier call. */
    int32_t (*booted)(errand_job *job, Booted *booted);

    /* Verifies an image without writing any of it: signature, compatible, version, as far as the
     * installer can. NULL when it cannot at all. `image` is a path (or a URL, see below). */
    int32_t (*inspect)(errand_job *job, const char *image, Image *info);

    /* Writes the image to the other slot and makes that one the next to boot. Progress 0..100.
     * Not to be torn by a cancel: the caller has entered a critical section. With `again` an
     * earlier call did not return (crash, power cut): what the installer still does from then is
     * waited for first. An installer that vanishes is FAILED install-failed within ten seconds. */
    int32_t (*install)(errand_job *job, const char *image, bool again);

    /* The running slot is good: it stays. */
    int32_t (*confirm)(errand_job *job);

    /* `slot` is bad and must not be booted again; the other one is the next to boot. Called while
     * `slot` runs (its health is bad: a reboot follows), after the machine fell back from it, or
     * for an update that was cancelled before its reboot (so it heeds no cancel); also twice.
     * `slot` is what booted() said when it ran, or BACKEND_OTHER. */
    int32_t (*reject)(errand_job *job, const char *slot);

    bool takes_url; /* with the setting `streaming=true` image may be an https URL */
} Backend;

extern const Backend backend_command;
extern const Backend backend_rauc;
extern const Backend backend_swupdate;
