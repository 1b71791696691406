/* A dispatcher with everything around it: real store, registry, runner and plugins in a temporary
 * directory, and a service that accepts every claim and takes every status unless told otherwise.
 * What it was told is kept as a ledger. */
#pragma once

#include "dispatcher.h"

typedef struct {
    /* c claim, p progress, f finish, h hold, r release, b about to reboot, d document, w watch */
    char kind;
    char *job_id;
    guint minutes;
    ExecutionStatus status;
    gboolean flag; /* progress: urgent; release: again_later */
    Details *details;
} Entry;

typedef struct {
    char *root;
    char *state;
    char *plugins; /* a directory before the real one, empty */
    char *boot_id_file;
    DispatcherOptions options;
    char *enabled[2];
    char *reboot_command[4];
    Registry *registry;
    JobStore *store;
    Dispatcher *dispatcher;

    GPtrArray *ledger; /* Entry */
    guint room;
    gboolean silent;          /* the service does not answer claims */
    gboolean refuse;          /* it refuses them */
    gboolean deaf;            /* it does not answer final statuses */
    gboolean at_once;         /* it answers from inside the callback */
    gboolean may_reboot;      /* about_to_reboot is answered by dispatcher_reboot_now() */
    char *document_again;     /* what a claim brings; NULL: none */
    char *document_refreshed; /* what a refresh brings; NULL: none */
    int refresh_error;
    gboolean stopped;
} World;

void world_init(int *argc, char ***argv); /* argv: runner, plugin directory */
World *world_new(void);
/* On a directory that is there; dispatcher and boot id are up to the caller. */
World *world_open(const char *root);
/* Removes the directory, too. */
void world_free(World *self);
void world_close(World *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)
/* dispatcher_new and dispatcher_recover on the same directory, after world_end(). */
void world_begin(World *self);
/* As if errand were killed: nothing is decided any more. */
void world_end(World *self);
void world_set_boot(World *self, const char *boot_id);

ExecutionId *world_id(const char *job_id);
void world_offer(World *self, const char *job_id, const char *document);
/* Runs the loop until done() is true, at most half a minute. */
void world_until(World *self, gboolean (*done)(World *self, gconstpointer data),
                 gconstpointer data);
/* Waits for the final status of the job, and for the job to be forgotten. */
const Entry *world_finish(World *self, const char *job_id);
/* Waits for the n-th (from 1) entry of that kind about the job. */
const Entry *world_entry(World *self, char kind, const char *job_id, guint n);
guint world_count(World *self, char kind, const char *job_id);
const char *world_state_of(World *self, const char *job_id); /* NULL: not held */
void world_expect(const Entry *entry, ExecutionStatus status, const char *reason,
                  const char *part_of_message);
/* Waits until this process has no children. */
void world_until_alone(World *self);
/* No process in a group of a runner, no descriptor and no folder more than at the beginning. */
void world_expect_clean(World *self);
