#include "attempts.h"
#include "outbox.h"

#include <string.h>

/* One row of a script: what happens at a time, and what must come of it. */
typedef enum {
    END,
    CLAIM,
    PROGRESS,
    URGENT,
    FINAL,  /* status in `status` */
    SEND,   /* something must be sent, with this status */
    SILENT, /* nothing may be due */
    ACCEPT, /* of the ticket `ticket`, 0: the latest */
    REFUSE, /* by `refusal`, with the state `state` (-1: none) */
    LOST,
    UP,
    FLUSH,
} Verb;

typedef struct {
    gint64 at;
    Verb verb;
    ExecutionStatus status;
    gint ticket;
    JobsRefusal refusal;
    gint state;
    OutboxVerdict verdict;
    gboolean bare; /* SEND: without details */
} Row;

#define PLAIN_AT(t, v)                                                                             \
    {                                                                                              \
        .at = t, .verb = v                                                                         \
    }
#define CLAIM_AT(t)    PLAIN_AT(t, CLAIM)
#define PROGRESS_AT(t) PLAIN_AT(t, PROGRESS)
#define URGENT_AT(t)   PLAIN_AT(t, URGENT)
#define FINAL_AT(t, s)                                                                             \
    {                                                                                              \
        .at = t, .verb = FINAL, .status = EXECUTION_##s                                            \
    }
#define SEND_AT(t, s)                                                                              \
    {                                                                                              \
        .at = t, .verb = SEND, .status = EXECUTION_##s                                             \
    }
#define BARE_AT(t, s)                                                                              \
    {                                                                                              \
        .at = t, .verb = SEND, .status = EXECUTION_##s, .bare = TRUE                               \
    }
#define SILENT_AT(t) PLAIN_AT(t, SILENT)
#define ACCEPT_AT(t, n, v)                                                                         \
    {                                                                                              \
        .at = t, .verb = ACCEPT, .ticket = n, .verdict = OUTBOX_##v                                \
    }
#define REFUSE_AT(t, r, s, v)                                                                      \
    {                                                                                              \
        .at = t, .verb = REFUSE, .refusal = JOBS_REFUSAL_##r, .state = s, .verdict = OUTBOX_##v    \
    }
#define LATE_REFUSAL_AT(t, n, r, s, v)                                                             \
    {                                                                                              \
        .at = t, .verb = REFUSE, .ticket = n, .refusal = JOBS_REFUSAL_##r, .state = s,             \
        .verdict = OUTBOX_##v                                                                      \
    }
#define LOST_AT(t)  PLAIN_AT(t, LOST)
#define UP_AT(t)    PLAIN_AT(t, UP)
#define FLUSH_AT(t) PLAIN_AT(t, FLUSH)
#define NO_STATE    (-1)

/* Times: progress every 10 s, answers within 10 s, back-off 10 to 640 s. */
static const OutboxTimes times = {10000, 10000, 2000, 10000, 640000};

typedef struct {
    Outbox *outbox;
    ExecutionId *id;
    Details *details;
    guint64 ticket;
    guint settled;
} Play;

static void
play_answer(Play *play, const Row *row, JobsRefusal refusal)
{
    JobsMessage message = {
        .refusal = refusal,
        .has_state = refusal != JOBS_REFUSAL_NONE && row->state >= 0,
        .state = row->state >= 0 ? (ExecutionStatus)row->state : EXECUTION_FAILED,
    };
    guint64 ticket = row->ticket > 0 ? (guint64)row->ticket : play->ticket;
    g_auto(OutboxOutcome) outcome = {0};

    outbox_answer(play->outbox, ticket, &message, row->at, &outcome);
    g_assert_cmpint(outcome.verdict, ==, row->verdict);
    if (outcome.verdict != OUTBOX_NOTHING)
        g_assert_true(execution_id_equal(outcome.id, play->id));
    if (outcome.verdict == OUTBOX_REFUSED || outcome.verdict == OUTBOX_GONE ||
        outcome.verdict == OUTBOX_CLAIM_REFUSED)
        g_assert_nonnull(outcome.why);
}

static void
play_send(Play *play, const Row *row)
{
    JobsUpdate update = {0};

    g_assert_true(outbox_next(play->outbox, play->ticket + 1, row->at, &update));
    play->ticket++;
    g_assert_cmpstr(execution_status_to_word(update.status), ==,
                    execution_status_to_word(row->status));
    g_assert_cmpint(update.details == NULL, ==, row->bare);
    g_assert_true(execution_id_equal(update.id, play->id));
}

static void
play_row(Play *play, const Row *row)
{
    JobsUpdate update = {0};

    switch (row->verb) {
    case CLAIM:
        outbox_claim(play->outbox, play->id, 5, play->details, FALSE, row->at);
        break;
    case PROGRESS:
    case URGENT:
        outbox_progress(play->outbox, play->id, 5, play->details, row->verb == URGENT, row->at);
        break;
    case FINAL:
        outbox_final(play->outbox, play->id, row->status, play->details, row->at);
        break;
    case SEND:
        play_send(play, row);
        break;
    case SILENT:
        g_assert_false(outbox_next(play->outbox, 999, row->at, &update));
        break;
    case ACCEPT:
        play_answer(play, row, JOBS_REFUSAL_NONE);
        break;
    case REFUSE:
        play_answer(play, row, row->refusal);
        break;
    case LOST:
        outbox_link_lost(play->outbox, row->at);
        break;
    case UP:
        outbox_link_up(play->outbox, row->at);
        break;
    case FLUSH:
        outbox_flush(play->outbox, row->at);
        break;
    case END:
        break;
    }
}

typedef struct {
    const char *name;
    Row rows[16];
} Script;

static const Script scripts[] = {
    {"claim",
     {CLAIM_AT(0), SEND_AT(0, IN_PROGRESS), SILENT_AT(0), ACCEPT_AT(5, 0, CLAIMED),
      SILENT_AT(99999999)}},
    {"claim/cancelled",
     {CLAIM_AT(0), SEND_AT(0, IN_PROGRESS),
      REFUSE_AT(1, INVALID_STATE_TRANSITION, EXECUTION_CANCELED, CLAIM_REFUSED)}},
    {"claim/deleted",
     {CLAIM_AT(0), SEND_AT(0, IN_PROGRESS), REFUSE_AT(1, RESOURCE_NOT_FOUND, NO_STATE, NOTHING),
      SEND_AT(2002, IN_PROGRESS), REFUSE_AT(2003, RESOURCE_NOT_FOUND, NO_STATE, NOTHING),
      SEND_AT(6004, IN_PROGRESS), REFUSE_AT(6005, RESOURCE_NOT_FOUND, NO_STATE, CLAIM_REFUSED)}},
    {"claim/terminal",
     {CLAIM_AT(0), SEND_AT(0, IN_PROGRESS),
      REFUSE_AT(1, TERMINAL_STATE_REACHED, NO_STATE, CLAIM_REFUSED)}},
    {"claim/throttled",
     {CLAIM_AT(0), SEND_AT(0, IN_PROGRESS), REFUSE_AT(1, REQUEST_THROTTLED, NO_STATE, NOTHING),
      SILENT_AT(900), SEND_AT(2002, IN_PROGRESS), ACCEPT_AT(2003, 0, CLAIMED)}},
    {"claim/silence",
     {CLAIM_AT(0), SEND_AT(0, IN_PROGRESS), SILENT_AT(9999), SILENT_AT(10000),
      SEND_AT(10600, IN_PROGRESS), ACCEPT_AT(10601, 1, CLAIMED), ACCEPT_AT(10602, 2, NOTHING)}},
    {"claim/refused for its details",
     {CLAIM_AT(0), SEND_AT(0, IN_PROGRESS), REFUSE_AT(1, INVALID_REQUEST, NO_STATE, NOTHING),
      BARE_AT(1, IN_PROGRESS), REFUSE_AT(2, INVALID_REQUEST, NO_STATE, CLAIM_REFUSED)}},
    {"progress/at most one per interval",
     {PROGRESS_AT(0), SEND_AT(0, IN_PROGRESS), ACCEPT_AT(1, 0, NOTHING), PROGRESS_AT(1000),
      PROGRESS_AT(2000), SILENT_AT(9999), SEND_AT(10000, IN_PROGRESS), SILENT_AT(10000)}},
    {"progress/urgent goes at once",
     {PROGRESS_AT(0), SEND_AT(0, IN_PROGRESS), URGENT_AT(10), SEND_AT(10, IN_PROGRESS),
      URGENT_AT(20), PROGRESS_AT(21), SEND_AT(21, IN_PROGRESS)}},
    {"progress/waits for the claim",
     {CLAIM_AT(0), URGENT_AT(1), SEND_AT(1, IN_PROGRESS), SILENT_AT(2), ACCEPT_AT(3, 0, CLAIMED),
      SEND_AT(3, IN_PROGRESS), SILENT_AT(4)}},
    {"progress/cancelled",
     {PROGRESS_AT(0), SEND_AT(0, IN_PROGRESS),
      REFUSE_AT(1, INVALID_STATE_TRANSITION, EXECUTION_CANCELED, GONE)}},
    {"progress/timed out and told by an old answer",
     {PROGRESS_AT(0), SEND_AT(0, IN_PROGRESS), PROGRESS_AT(5),
      LATE_REFUSAL_AT(6, 1, INVALID_STATE_TRANSITION, EXECUTION_TIMED_OUT, GONE)}},
    {"progress/deleted",
     {PROGRESS_AT(0), SEND_AT(0, IN_PROGRESS), REFUSE_AT(1, RESOURCE_NOT_FOUND, NO_STATE, GONE)}},
    {"progress/refused wording is dropped",
     {PROGRESS_AT(0), SEND_AT(0, IN_PROGRESS), REFUSE_AT(1, INVALID_REQUEST, NO_STATE, NOTHING),
      BARE_AT(1, IN_PROGRESS), REFUSE_AT(2, INVALID_REQUEST, NO_STATE, NOTHING),
      SILENT_AT(9999999)}},
    {"progress/old acceptance does not settle the newer",
     {PROGRESS_AT(0), SEND_AT(0, IN_PROGRESS), PROGRESS_AT(5), ACCEPT_AT(6, 1, NOTHING),
      SEND_AT(10000, IN_PROGRESS)}},
    {"final",
     {FINAL_AT(0, SUCCEEDED), SEND_AT(0, SUCCEEDED), ACCEPT_AT(1, 0, TAKEN),
      ACCEPT_AT(2, 0, NOTHING), SILENT_AT(9999999)}},
    {"final/replaces progress and nothing follows it",
     {PROGRESS_AT(0), SEND_AT(0, IN_PROGRESS), PROGRESS_AT(1), FINAL_AT(2, FAILED), URGENT_AT(3),
      SEND_AT(3, FAILED), SILENT_AT(4),
      LATE_REFUSAL_AT(5, 1, INVALID_STATE_TRANSITION, EXECUTION_FAILED, NOTHING),
      ACCEPT_AT(6, 1, NOTHING), ACCEPT_AT(7, 2, TAKEN)}},
    {"final/while the claim is in flight",
     {CLAIM_AT(0), SEND_AT(0, IN_PROGRESS), FINAL_AT(1, REJECTED), SEND_AT(1, REJECTED),
      ACCEPT_AT(2, 1, NOTHING), ACCEPT_AT(3, 2, TAKEN)}},
    {"final/the acceptance was lost",
     {FINAL_AT(0, SUCCEEDED), SEND_AT(0, SUCCEEDED), SILENT_AT(10000), SEND_AT(10600, SUCCEEDED),
      REFUSE_AT(10601, INVALID_STATE_TRANSITION, EXECUTION_SUCCEEDED, TAKEN)}},
    {"final/late acceptance of an earlier attempt",
     {FINAL_AT(0, SUCCEEDED), SEND_AT(0, SUCCEEDED), SILENT_AT(10000), SEND_AT(10600, SUCCEEDED),
      ACCEPT_AT(10601, 1, TAKEN)}},
    {"final/late throttling of an earlier attempt changes nothing",
     {FINAL_AT(0, SUCCEEDED), SEND_AT(0, SUCCEEDED), SILENT_AT(10000), SEND_AT(10600, SUCCEEDED),
      LATE_REFUSAL_AT(10601, 1, REQUEST_THROTTLED, NO_STATE, NOTHING), SILENT_AT(20599),
      ACCEPT_AT(20600, 2, TAKEN)}},
    {"final/ended otherwise",
     {FINAL_AT(0, SUCCEEDED), SEND_AT(0, SUCCEEDED),
      REFUSE_AT(1, INVALID_STATE_TRANSITION, EXECUTION_TIMED_OUT, REFUSED)}},
    {"final/terminal without a state",
     {FINAL_AT(0, SUCCEEDED), SEND_AT(0, SUCCEEDED),
      REFUSE_AT(1, TERMINAL_STATE_REACHED, NO_STATE, REFUSED)}},
    {"final/rejected is not taken any more",
     {FINAL_AT(0, REJECTED), SEND_AT(0, REJECTED),
      REFUSE_AT(1, INVALID_STATE_TRANSITION, EXECUTION_IN_PROGRESS, NOTHING), SEND_AT(1, FAILED),
      ACCEPT_AT(2, 0, TAKEN)}},
    {"final/rejected was taken after all",
     {FINAL_AT(0, REJECTED), SEND_AT(0, REJECTED),
      REFUSE_AT(1, INVALID_STATE_TRANSITION, EXECUTION_IN_PROGRESS, NOTHING), SEND_AT(1, FAILED),
      REFUSE_AT(2, INVALID_STATE_TRANSITION, EXECUTION_REJECTED, TAKEN)}},
    {"final/rejected is not taken in any wording",
     {FINAL_AT(0, REJECTED), SEND_AT(0, REJECTED), REFUSE_AT(1, INVALID_REQUEST, NO_STATE, NOTHING),
      BARE_AT(1, REJECTED), REFUSE_AT(2, INVALID_REQUEST, NO_STATE, NOTHING), SEND_AT(2, FAILED),
      REFUSE_AT(3, INVALID_REQUEST, NO_STATE, NOTHING), BARE_AT(3, FAILED),
      REFUSE_AT(4, INVALID_REQUEST, NO_STATE, REFUSED)}},
    {"final/details refused",
     {FINAL_AT(0, FAILED), SEND_AT(0, FAILED), REFUSE_AT(1, INVALID_REQUEST, NO_STATE, NOTHING),
      BARE_AT(1, FAILED), ACCEPT_AT(2, 0, TAKEN)}},
    {"final/refused whatever it says",
     {FINAL_AT(0, FAILED), SEND_AT(0, FAILED), REFUSE_AT(1, INVALID_REQUEST, NO_STATE, NOTHING),
      BARE_AT(1, FAILED), REFUSE_AT(2, INVALID_REQUEST, NO_STATE, REFUSED)}},
    {"final/not found three times",
     {FINAL_AT(0, FAILED), SEND_AT(0, FAILED), REFUSE_AT(1, RESOURCE_NOT_FOUND, NO_STATE, NOTHING),
      SILENT_AT(4000), SEND_AT(11000, FAILED),
      REFUSE_AT(11001, RESOURCE_NOT_FOUND, NO_STATE, NOTHING), SEND_AT(32000, FAILED),
      REFUSE_AT(32001, RESOURCE_NOT_FOUND, NO_STATE, REFUSED)}},
    {"final/version mismatch is sent again",
     {FINAL_AT(0, SUCCEEDED), SEND_AT(0, SUCCEEDED),
      REFUSE_AT(1, VERSION_MISMATCH, EXECUTION_IN_PROGRESS, NOTHING), SEND_AT(1, SUCCEEDED),
      ACCEPT_AT(2, 0, TAKEN)}},
    {"final/version mismatch over an equal state",
     {FINAL_AT(0, SUCCEEDED), SEND_AT(0, SUCCEEDED),
      REFUSE_AT(1, VERSION_MISMATCH, EXECUTION_SUCCEEDED, TAKEN)}},
    {"final/link lost",
     {FINAL_AT(0, SUCCEEDED), SEND_AT(0, SUCCEEDED), LOST_AT(1), UP_AT(50), SEND_AT(50, SUCCEEDED),
      REFUSE_AT(51, INTERNAL_ERROR, NO_STATE, NOTHING), SILENT_AT(5000), LOST_AT(5001), UP_AT(5002),
      SEND_AT(5002, SUCCEEDED), ACCEPT_AT(5003, 0, TAKEN)}},
    {"flush",
     {PROGRESS_AT(0), SEND_AT(0, IN_PROGRESS), ACCEPT_AT(1, 0, NOTHING), PROGRESS_AT(2),
      SILENT_AT(3), FLUSH_AT(3), SEND_AT(3, IN_PROGRESS)}},
};

static void
test_script(gconstpointer data)
{
    const Script *script = data;
    Play play = {
        .outbox = outbox_new(&times),
        .id = execution_id_new("jobA", 1, 1700000000),
        .details = details_new(),
    };

    details_set(play.details, DETAILS_OWN, "step", "1");
    for (guint i = 0; i < G_N_ELEMENTS(script->rows) && script->rows[i].verb != END; i++) {
        g_test_message("row %u at %" G_GINT64_FORMAT, i, script->rows[i].at);
        play_row(&play, &script->rows[i]);
    }
    outbox_free(play.outbox);
    execution_id_free(play.id);
    details_free(play.details);
}

static void
test_finals_first(void)
{
    g_autoptr(Outbox) outbox = outbox_new(&times);
    g_autoptr(ExecutionId) a = execution_id_new("a", 1, 1);
    g_autoptr(ExecutionId) b = execution_id_new("b", 1, 1);
    g_autoptr(ExecutionId) c = execution_id_new("c", 1, 1);
    JobsUpdate update = {0};

    outbox_progress(outbox, a, 5, NULL, TRUE, 0);
    outbox_claim(outbox, b, 5, NULL, TRUE, 0);
    outbox_final(outbox, c, EXECUTION_FAILED, NULL, 0);
    g_assert_cmpuint(outbox_unsettled(outbox), ==, 1);
    g_assert_true(outbox_next(outbox, 1, 0, &update));
    g_assert_cmpstr(update.id->job_id, ==, "c");
    g_assert_cmpuint(update.step_timeout_minutes, ==, 0);
    g_assert_true(outbox_next(outbox, 2, 0, &update));
    g_assert_cmpstr(update.id->job_id, ==, "b");
    g_assert_true(update.include_document);
    g_assert_true(outbox_next(outbox, 3, 0, &update));
    g_assert_cmpstr(update.id->job_id, ==, "a");
    g_assert_cmpuint(outbox_ticket_of_job(outbox, "b"), ==, 2);
    g_assert_cmpuint(outbox_ticket_of_job(outbox, "z"), ==, 0);
    g_assert_cmpint(outbox_next_time(outbox), ==, 10000);
    outbox_forget(outbox, a);
    outbox_forget(outbox, b);
    outbox_forget(outbox, c);
    g_assert_true(outbox_is_empty(outbox));
    g_assert_cmpint(outbox_next_time(outbox), ==, ATTEMPTS_NEVER);
}

/* InternalError for ever: 10 s doubling to 640 s, each at least half and at most the whole. */
static void
test_back_off(void)
{
    g_autoptr(Outbox) outbox = outbox_new(&times);
    g_autoptr(ExecutionId) id = execution_id_new("a", 1, 1);
    JobsMessage error = {.refusal = JOBS_REFUSAL_INTERNAL_ERROR};
    gint64 now = 0;
    gint64 base = 10000;
    guint different = 0;

    outbox_final(outbox, id, EXECUTION_FAILED, NULL, now);
    for (guint64 ticket = 1; ticket <= 40; ticket++) {
        g_auto(OutboxOutcome) outcome = {0};
        JobsUpdate update = {0};
        g_assert_true(outbox_next(outbox, ticket, now, &update));
        g_assert_true(outbox_answer(outbox, ticket, &error, now, &outcome));
        g_assert_cmpint(outcome.verdict, ==, OUTBOX_NOTHING);
        gint64 delay = outbox_next_time(outbox) - now;
        g_assert_cmpint(delay, >=, base / 2);
        g_assert_cmpint(delay, <=, base);
        different += delay != base;
        now += delay;
        base = MIN(base * 2, 640000);
    }
    g_assert_cmpuint(different, >, 30);
}

/* A thousand devices that lose a broker at once: no second has more than a tenth of them at the
 * cap. */
static void
test_herd(void)
{
    guint seconds[64] = {0};

    for (guint device = 0; device < 1000; device++) {
        GRand *random = g_rand_new_with_seed(device);
        Backoff backoff;
        backoff_init(&backoff, 1000, 64000);
        backoff.random = random;
        gint64 delay = 0;
        for (guint i = 0; i < 10; i++)
            delay = backoff_next(&backoff);
        seconds[MIN(delay / 1000, 63)]++;
        g_rand_free(random);
    }
    for (guint i = 0; i < G_N_ELEMENTS(seconds); i++)
        g_assert_cmpuint(seconds[i], <=, 100);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(scripts); i++) {
        g_autofree char *name = g_strdup_printf("/outbox/script/%s", scripts[i].name);
        g_test_add_data_func(name, &scripts[i], test_script);
    }
    g_test_add_func("/outbox/finals-first", test_finals_first);
    g_test_add_func("/outbox/back-off", test_back_off);
    g_test_add_func("/outbox/herd", test_herd);
    return g_test_run();
}
