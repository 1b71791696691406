/* Brings one file to this machine, whole and proved, or not at all: what the plugins download and
 * firmware share.
 *
 * From an HTTP(S) server (libcurl) or from a file of an AWS IoT stream (through errand's own MQTT
 * connection). Continues where an earlier try, an earlier run or an expired URL left off, but only
 * what can be recognised as the same file; checks space before the first byte; hashes while it
 * writes; gives up by count and time without progress and by bytes in all, by total time only where
 * the owner sets one.
 *
 * Memory does not grow with the file. Runs on the caller's thread, one more hashes. A cancel is
 * seen within a second. The state that errand keeps for the step (errand_save_state) belongs to
 * whoever calls: see `save`.
 */
#pragma once

#include "signature.h"

#include <errand/plugin.h>

#define FETCH_DIGEST_MAX 64 /* bytes of SHA-512 */

/* How far a fetch is. */
typedef struct {
    const char *step; /* a word for what is being done: "downloading", "waiting" */
    int64_t have;     /* bytes */
    int64_t total;    /* bytes of the whole, -1 unknown */
    int64_t rate;     /* bytes a second since this run began */
} FetchProgress;

typedef struct {
    const char *plugin; /* "[plugin NAME]": the group whose settings hold, named in texts */

    /* Where from: JSON Pointer of the URL in the document, which is read again after a refresh; or
     * the stream. The other is NULL. */
    const char *url_pointer;
    const char *stream;
    int32_t stream_file; /* 0..255 */

    /* What it must be. */
    const char *hash; /* "SHA256", "SHA512" or NULL */
    unsigned char digest[FETCH_DIGEST_MAX];
    size_t digest_length;
    int64_t size;         /* bytes, -1 when not given */
    int64_t limit;        /* bytes, more is an error; 0 for none */
    Signature *signature; /* or NULL; borrowed. Its URL, where it has one, is fetched first. */

    /* Where to: a file of this name in the open directory, mode 0600 while it grows; called
     * ".errand-JOBID-..." it does not outlive the job, even when this process is killed. NULL:
     * memory. */
    int directory;
    const char *part;
    const char *path; /* what to call the file's place in messages */

    /* Keeps what tells this file from another over an interruption. NULL: errand_save_state() and
     * errand_load_state() as they are. `save` answers 0 or a negative errno value; `load` the bytes
     * saved last, or NULL. */
    int (*save)(void *data, const void *state, size_t length);
    const void *(*load)(void *data, size_t *length);
    void *data;

    /* Told at least every 10 s, and once when the file is there, so that the heartbeat
     * (errand_progress()) can be given from here. NULL: errand_progress() with percent and step. */
    void (*progress)(void *data, const FetchProgress *progress);
} Fetch;

/* For check(): URLs, hosts and settings are looked at, nothing is opened. ERRAND_SUCCEEDED or
 * refused (invalid-document, not-allowed, bad-signature, internal). */
int32_t fetch_check(errand_job *job, const Fetch *fetch);

/* Fetches. ERRAND_SUCCEEDED: *fd is open on the whole file, read and write, its data written to
 * disk, and it is what `hash`, `size` and `signature` say: use this descriptor and not the name,
 * which may have come to mean something else. Otherwise the reason was told and the part file is
 * gone. */
int32_t fetch_run(errand_job *job, const Fetch *fetch, int *fd);

/* 0..100, or -1 when the whole is unknown. */
int fetch_percent(const FetchProgress *progress);
