/* A plugin to learn from, and to copy. It serves two operations:
 *
 *   {"operation":"hello","name":"world"}                 read, report, fail and reject
 *   {"operation":"count","to":100,"interval":1000}       be cancelled, and survive a power cut
 *
 * Build it with one line, from the installed header:
 *   cc -shared -fPIC -o example.so example.c $(pkg-config --cflags errand)
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errand/plugin.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX    1000000
#define INTERVAL_MAX 60000 /* ms */

/* ---- hello ---- */

/* check() looks at the document only. A job refused here is REJECTED, and nothing ever ran. */
static int32_t
hello_check(errand_job *job)
{
    const char *name = errand_get_string(job, "/name");
    const char *key;

    /* A key that nobody knows is a typing mistake: better refused than ignored. */
    for (int32_t i = 0; (key = errand_get_key(job, "", i)) != NULL; i++) {
        if (strcmp(key, "operation") != 0 && strcmp(key, "name") != 0)
            return errand_reject(job, "invalid-document", "unknown key \"%s\"; known: name", key);
    }
    if (name == NULL || *name == '\0')
        return errand_reject(job, "invalid-document", "\"name\" must say whom to greet");
    return ERRAND_SUCCEEDED;
}

/* run() does the work. It may take its time: it has a process of its own. */
static int32_t
hello_run(errand_job *job)
{
    const char *name = errand_get_string(job, "/name");
    const char *greeting = errand_setting(job, "greeting"); /* [plugin example] in errand.conf */
    char text[256];

    if (greeting == NULL)
        greeting = "Hello";
    errand_progress(job, 10, "greeting");
    if (snprintf(text, sizeof text, "%s, %s!", greeting, name) >= (int)sizeof text)
        return errand_fail(job, "name-too-long", "a greeting has room for %zu bytes", sizeof text);
    errand_log(job, ERRAND_LOG_INFO, text); /* to the gateway's log */
    printf("%s\n", text);                   /* to the job's stdout, seen in statusDetails */
    errand_detail(job, "greeting", text);   /* a pair of statusDetails of our own */
    errand_progress(job, 100, NULL);
    return ERRAND_SUCCEEDED;
}

/* ---- count ---- */

static int32_t
count_arguments(errand_job *job, int64_t *to, int64_t *interval)
{
    int32_t result = errand_get_int(job, "/interval", interval);

    if (result == -ENOENT)
        *interval = 1000;
    else if (result < 0 || *interval < 0 || *interval > INTERVAL_MAX)
        return errand_reject(job, "invalid-document", "\"interval\" must be 0 to %d milliseconds",
                             INTERVAL_MAX);
    if (errand_get_int(job, "/to", to) < 0 || *to < 1 || *to > COUNT_MAX)
        return errand_reject(job, "invalid-document", "\"to\" must be a number from 1 to %d",
                             COUNT_MAX);
    return ERRAND_SUCCEEDED;
}

static int32_t
count_check(errand_job *job)
{
    int64_t to, interval;

    return count_arguments(job, &to, &interval);
}

/* Where the last run() stopped; 0 when this is the first. State is bytes: keep it versioned or, as
 * here, text. */
static int64_t
count_resume(errand_job *job)
{
    char text[32] = "";
    size_t length;
    const void *state = errand_load_state(job, &length);

    if (state == NULL || length >= sizeof text)
        return 0;
    memcpy(text, state, length);
    return strtoll(text, NULL, 10);
}

static int32_t
count_run(errand_job *job)
{
    struct pollfd cancel = {errand_cancel_fd(job), POLLIN, 0};
    int64_t to, interval;
    int32_t result = count_arguments(job, &to, &interval);

    if (result != ERRAND_SUCCEEDED)
        return result;
    for (int64_t i = count_resume(job) + 1; i <= to; i++) {
        char text[32];

        /* Waits, and wakes up early when the job is cancelled. */
        poll(&cancel, 1, (int)interval);
        if (errand_cancelled(job))
            return ERRAND_CANCELLED;
        printf("%lld\n", (long long)i);
        snprintf(text, sizeof text, "%lld", (long long)i);
        /* On disk when it returns 0: after a power cut we go on from here. */
        result = errand_save_state(job, text, strlen(text));
        if (result < 0)
            return errand_fail(job, "no-state", "cannot save the state: %s", strerror(-result));
        errand_progress(job, (int32_t)(i * 100 / to), "counting");
    }
    return ERRAND_SUCCEEDED;
}

static const errand_operation operations[] = {
    {"hello", "Greets somebody", 0, 10, hello_check, hello_run},
    /* RESUMABLE: errand may call run() again after an interruption. */
    {"count", "Counts, and goes on after an interruption", ERRAND_OP_RESUMABLE, 0, count_check,
     count_run},
};

ERRAND_PLUGIN("example", "1.0", operations);
