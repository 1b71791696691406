/* The two sockets of SWUpdate, through libswupdate.
 *
 * What the library does is kept from hurting: its calls block without a limit, so each runs under a
 * timer that interrupts it; it names the sockets after TMPDIR, which errand sets to something else;
 * it writes to sockets whose other end may be gone, so the caller holds SIGPIPE off; and anybody
 * can make a socket in /tmp, so one that belongs to neither root nor this account is not talked to.
 * Its messages are C structures of the release errand was built with.
 *
 * To be called on the main thread of a plugin: SIGALRM is used.
 */
#pragma once

#include <network_ipc.h>
#include <progress_ipc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest socket directory: with "/sockinstctrl" it must fit into a socket's address. */
#define SWUPDATE_DIRECTORY_MAX 90

/* Milliseconds of CLOCK_BOOTTIME. */
int64_t swupdate_link_now(void);

/* Where the sockets are. The library remembers the first directory for the whole process. */
void swupdate_link_locate(const char *directory);

typedef struct {
    int fd; /* -1: not connected */
    size_t filled;
    struct progress_msg message; /* the one swupdate_link_next() found; its texts may lack a NUL */
} SwupdateProgress;

/* Connects to the progress socket. false: `why` says why not. */
bool swupdate_link_watch(SwupdateProgress *progress, char *why, size_t size);
/* 1: there is a message; 0: not now; -1: SWUpdate has closed the connection. Does not wait. */
int swupdate_link_next(SwupdateProgress *progress);
void swupdate_link_unwatch(SwupdateProgress *progress);

/* What SWUpdate complained of, first things first, as plain ASCII. */
typedef struct {
    char text[600];
} SwupdateNotes;

typedef struct {
    bool running;
    bool succeeded; /* the update that ended last */
} SwupdateStatus;

/* Asks for the state and adds all complaints that are waiting to notes. false: no answer. */
bool swupdate_link_status(SwupdateStatus *status, SwupdateNotes *notes);

/* Asks for an update. The control socket, which takes the image and is closed with ipc_end(); -1:
 * refused or not reachable; -EINVAL: this library is not the one errand was built with. */
int swupdate_link_request(const struct swupdate_request *request);
