/* The inside of the Dispatcher, which holds all jobs, and of a Job. Private to dispatcher*.c and to
 * job.c, job-check.c, job-clean.c, job-plan.c, job-run.c, job-stream.c and job-time.c.
 *
 * dispatcher.c           calls from outside
 * dispatcher-arrange.c   who may start, when to reboot, when errand may end
 * dispatcher-bury.c      what ended jobs leave on disk
 * dispatcher-recover.c   jobs of an earlier life
 * job.c                  carries out what lifecycle.c's table says for one job
 * job-plan.c             its document: steps, or a refusal
 * job-check.c            starts runners, asks the checks
 * job-clean.c            has a plugin clean up after a step that ended without its word
 * job-run.c              runs the steps: go, progress, result, the next one
 * job-time.c             keeps to the service's time for the job
 * job-stream.c           passes on what a step asks of file streams
 *
 * Order within an action: state first, disk second, callbacks to the owner last, for a callback may
 * come back with the answer at once and even end the job. */
#pragma once

#include "dispatcher.h"
#include "lifecycle.h"
#include "log.h"
#include "plan.h"
#include "quarantine.h"
#include "reboot.h"
#include "runner-process.h"
#include "stream-quota.h"

typedef struct _Job Job;

struct _Dispatcher {
    const DispatcherOptions *options;
    Registry *registry;
    JobStore *store;
    DispatcherCallbacks callbacks;
    gpointer user_data;

    GPtrArray *jobs;     /* Job, order of arrival; holds a reference each */
    GQueue over;         /* Job; their folders are to be removed */
    GSource *over_timer; /* for when no plugin works soon */
    guint over_idle;     /* for when one works */
    GPtrArray *leaving;  /* RunnerProcess that were abandoned and are not gone yet */
    Quarantine *quarantine;
    Reboot *reboot;
    gboolean reboot_asked; /* about_to_reboot was called */
    GSource *going_down;   /* the reboot command was given: nothing starts while this runs */
    gboolean recovered;    /* offers may come */
    gboolean arranging;    /* dispatcher_arrange() is under way */
    guint room;            /* as told last */
    LogThrottle store_trouble;
    GSource *disk_timer; /* a job could not be recorded: until this fires none is taken */
    GPtrArray *unburied; /* ExecutionId of ended jobs whose folders could not be removed */
    GSource *sweep;

    gboolean stopping;
    GSource *stop_timer;
    GSource *stop_idle;
    GSourceFunc stop_done;
    gpointer stop_data;
};

/* What the service's own timer leaves of a job's time. Times are clock_now(). */
typedef struct {
    gint64 step_end_us;    /* of the running step, by its own limit; 0: none runs */
    gint64 service_end_us; /* as told last; 0: no timer runs, or none is known */
    gint64 margin_ms;      /* to be done before that */
    gboolean doubted;      /* asked once more, for the margin was reached */
    gboolean over;         /* the service's time was, nearly */
    GSource *timer;
} JobTime;

struct _Job {
    Dispatcher *owner; /* NULL once the job is dropped */
    JobRecord *record;
    Plan *plan; /* NULL when the document could not be understood */
    LifeState state;
    char *outcome;       /* for the history */
    gboolean exclusive;  /* one of its operations runs alone */
    gboolean stored;     /* the record is on disk */
    gboolean resumed;    /* claimed in an earlier life */
    gboolean refused;    /* the claim was */
    gboolean pretended;  /* a reboot that did not happen was called one */
    gboolean halted;     /* errand is ending: nothing of it may start any more */
    gboolean restarting; /* LIFE_CLEANING, and the plugin wants the machine restarted for that */
    gboolean held_back;  /* claimed while a reboot was pending: goes when the machine stays up */

    StartReason start; /* of the next go */
    RunnerProcess *runner;
    gboolean ready;         /* the runner's check said yes */
    RunnerProcess *checker; /* of a later step's document */
    guint checked;          /* index of the first step whose check is still open */
    gboolean has_state;
    gboolean streaming; /* the step has asked for a stream */
    StreamQuota stream_quota;

    int percent;         /* of the step, -1 unknown */
    char *word;          /* what the step says it is doing, or NULL */
    guint timer_minutes; /* the service's step timer, as claimed or told last */
    guint progress_idle;
    GSource *heartbeat; /* pushes that timer out */
    GSource *reboot_timer;
    JobTime time;
    GSource *store_timer; /* the verdict is not on disk yet */
};

/* dispatcher-arrange.c */
/* Starts who may start, has the machine restarted when it is time, tells the room. Idempotent. */
void dispatcher_arrange(Dispatcher *self);
/* A job was given back because it cannot be recorded, and the next would fare no better: takes none
 * for a while, and then asks for them again, for no notification tells that a disk has room. */
void dispatcher_pause(Dispatcher *self);
/* The reboot did not happen: jobs may start again. */
void dispatcher_stay_up(Dispatcher *self);
/* Nothing may start: a job waits for a reboot, or the command was given. */
gboolean dispatcher_is_going_down(Dispatcher *self);

/* dispatcher.c */
/* The record cannot be written: says so now and then. */
void dispatcher_store_failed(Dispatcher *self, const Job *job, const GError *error);
/* The job of an execution that is held, or NULL. */
Job *dispatcher_find(Dispatcher *self, const ExecutionId *id);
/* Kills a runner that is not needed any more. */
void dispatcher_abandon(Dispatcher *self, RunnerProcess **runner);
/* Drops a job; nothing on disk changes. */
void dispatcher_remove(Dispatcher *self, Job *job);
/* The same for one that is over: its folder goes and a line of history stays, both a little later:
 * the notification of the next job is on its way, and removing files takes up to a millisecond
 * while the file system still commits what was synced last. */
void dispatcher_bury(Dispatcher *self, Job *job);
/* A plugin works now: a good time for it. */
void dispatcher_bury_meanwhile(Dispatcher *self);
/* At once, when the execution is among them: it is offered again and will want the folder's name.
 */
void dispatcher_bury_now(Dispatcher *self, const ExecutionId *id);
void dispatcher_bury_init(Dispatcher *self);
/* All that wait, at once; nothing is buried any more. */
void dispatcher_bury_clear(Dispatcher *self);

/* job.c */
Job *job_new(Dispatcher *owner, JobRecord *record);
Job *job_ref(Job *self);
void job_unref(Job *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_unref)
/* Feeds the life cycle table and carries out what it says. */
void job_event(Job *self, LifeEvent event);
/* The same with an event that ends the job: what the running step is to clean up comes first. */
void job_end(Job *self, LifeEvent event);
/* The service took the execution away. */
void job_away(Job *self);
/* The verdict: stored, then told. */
void job_decide(Job *self, ExecutionStatus status, const char *reason, const char *message);
/* Writes the record. */
gboolean job_store(Job *self, StoredState state, GError **error);
/* Gives the machine its time to restart. */
void job_watch_reboot(Job *self);
/* Stops everything of it without a verdict: the next life decides. */
void job_halt(Job *self);
/* The reason word for disk trouble: "no-space" or "internal". */
const char *job_disk_reason(const GError *error);
/* A step of the plan. */
const PlanStep *job_step(const Job *self, guint index);
/* What a failed step makes of its job: REJECTED stays REJECTED, all else is FAILED. */
ExecutionStatus job_status_of(Outcome outcome);

/* job-plan.c */
/* Fills plan and exclusive. FALSE: the job is to be REJECTED (or FAILED, by whoever claimed it
 * before) with *reason and error's text; or, with *ignore, left to another agent. */
gboolean job_plan(Job *self, const char **reason, gboolean *ignore, GError **error);
/* A plan of a document that came anew, with the same steps; NULL when it is not the same job. */
Plan *job_plan_again(Job *self, const char *document);

/* Fills plan, where it can, also when the plan is not allowed any more: to clean up after it. */
void job_plan_loosely(Job *self);

/* job-check.c */
/* Starts the runner of the current step, and of all checks that are still to be made. */
void job_check_begin(Job *self);
/* FALSE when the job is decided, or given back, instead. check_only: of a later step's document. */
gboolean job_check_start_runner(Job *self, guint index, gboolean check_only,
                                RunnerProcess **runner);
/* The runner of a step that is to clean up; the callbacks are the caller's. */
RunnerProcess *job_check_launch_cleanup(Job *self, const PlanStep *step,
                                        const RunnerProcessCallbacks *callbacks,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What became of one of its runners: a plugin that crashes too often is not started any more. */
void job_check_note_end(Job *self, const RunnerProcess *runner, const Verdict *verdict);
/* The service delivered the document again with the claim: later texts have fresher URLs. */
void job_check_take_document(Job *self, const char *document);
void job_check_refreshed(Job *self, const char *document, int error_number);

/* job-time.c: the service calls an execution TIMED_OUT when its in-progress timer ends, or the step
 * timer that errand pushes out itself; both are told as one number, the nearer. */
/* A step was told to go and has that long. */
void job_time_begin(Job *self, gint64 limit_ms);
void job_time_told(Job *self, gint64 seconds);
/* The step is over, or to be stopped for another reason. */
void job_time_end(Job *self);

/* job-run.c */
/* The check said yes and the claim is ours: makes "started" durable and tells the runner to go. */
void job_run_go(Job *self);
/* The claim is on its way: prepares what job_run_go() will write. */
void job_run_expect_go(Job *self);
/* Into the record, not yet to disk: what identifies the runner to a later life. */
void job_run_note_runner(Job *self);
void job_run_on_packet(RunnerProcess *runner, const Packet *packet, gpointer user_data);
void job_run_on_ended(RunnerProcess *runner, const Verdict *verdict, gpointer user_data);
void job_run_stop(Job *self);
/* Time limit of the current step. */
gint64 job_run_limit_ms(Job *self);
void job_run_clear(Job *self);
/* Tells progress now. */
void job_run_tell(Job *self, gboolean urgent);

/* job-clean.c */
/* Runs the plugin once more, START_CLEANUP, and ends the job when it is done or cannot be run. */
void job_clean(Job *self);
/* Nothing more of that: ends the job. */
void job_clean_over(Job *self);

/* job-stream.c */
/* What is over the step's quota (stream-quota.h) is answered with EAGAIN. */
void job_stream_ask(Job *self, RunnerProcess *runner, const Packet *packet);
/* The step is over. */
void job_stream_end(Job *self);
