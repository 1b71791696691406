/* Operations firmware and afr_ota: an update of the whole system in the slot that does not run.
 *
 * The run is a walk through the table of phases.h, from where the journal says the last one came
 * to. Only the slot and the version that run decide, never what the boot loader says is next. */
#include "health.h"
#include "update.h"
#include "version-file.h"

#include <stdio.h>
#include <string.h>

static int32_t
firmware_check(errand_job *job)
{
    Order order;
    int32_t verdict = order_read(job, &order);

    order_clear(&order);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = health_check_settings(job);
    return verdict;
}

static int32_t
ask(Update *self)
{
    int32_t verdict = self->order.backend->booted(self->job, &self->booted);

    return verdict == ERRAND_SUCCEEDED ? version_file_read(self->job, self->booted.version)
                                       : verdict;
}

/* The installer may not be up yet when the machine has just booted. */
static int32_t
look(Update *self)
{
    int64_t until = health_now_ms() + health_limit(self->job);
    int32_t verdict = ask(self);

    while (errand_start(self->job) != ERRAND_START_FIRST && verdict == ERRAND_FAILED &&
           health_pause(self->job, "looking", until))
        verdict = ask(self);
    return verdict;
}

/* On the same boot the same system runs, and an installer still at work need not be able to tell.
 */
static int32_t
look_or_remember(Update *self, bool installing)
{
    if (!installing)
        return look(self);
    snprintf(self->booted.slot, BACKEND_TEXT, "%s", self->journal.old_slot);
    snprintf(self->booted.version, BACKEND_TEXT, "%s", self->journal.old_version);
    return ERRAND_SUCCEEDED;
}

/* What happened since the journal was written. */
static Event
find_event(const Update *self, bool same_boot)
{
    bool old = strcmp(self->booted.slot, self->journal.old_slot) == 0;

    /* The boot id is a setting and may be wrong: a slot that changed back was a restart. */
    if (old && self->journal.phase > PHASE_RESTART && *self->journal.new_slot != '\0')
        return EVENT_OLD_SLOT;
    if (same_boot)
        return EVENT_SAME_BOOT;
    return old ? EVENT_OLD_SLOT : EVENT_NEW_SLOT;
}

static void
set_critical(Update *self, bool critical)
{
    if (self->critical != critical)
        errand_critical(self->job, critical);
    self->critical = critical;
}

/* What an earlier run has left. ERRAND_SUCCEEDED, also when that is nothing. */
static int32_t
recall(Update *self, bool *known, bool *same_boot)
{
    char now[sizeof self->journal.boot_id];
    Journal *journal = &self->journal;
    int32_t start = errand_start(self->job);

    *known = start != ERRAND_START_FIRST && journal_load(self->job, journal);
    if (!*known && (start == ERRAND_START_REBOOTED ||
                    (start != ERRAND_START_FIRST && errand_load_state(self->job, NULL) != NULL)))
        return errand_fail(self->job, "internal",
                           "the update's saved state is missing or damaged: whether the new system "
                           "runs cannot be told");
    if (!*known)
        *journal = (Journal){.phase = PHASE_FETCH};
    if (!journal_read_boot(self->job, now))
        return ERRAND_FAILED;
    *same_boot =
        errand_start(self->job) != ERRAND_START_REBOOTED && strcmp(now, journal->boot_id) == 0;
    memcpy(journal->boot_id, now, sizeof now);
    return ERRAND_SUCCEEDED;
}

/* Begins, or goes on. ERRAND_SUCCEEDED with the phase to act in. From the proof on, the machine is
 * in between and must come out: a cancel waits. */
static int32_t
take_up(Update *self)
{
    Journal *journal = &self->journal;
    bool known = false, same_boot = false;
    int32_t verdict = recall(self, &known, &same_boot);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    set_critical(self, known && phases_needs_slot(journal->phase) && !same_boot);
    verdict = look_or_remember(self, known && same_boot && journal->phase == PHASE_INSTALL);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (!phases_needs_slot(journal->phase)) {
        snprintf(journal->old_slot, BACKEND_TEXT, "%s", self->booted.slot);
        snprintf(journal->old_version, BACKEND_TEXT, "%s", self->booted.version);
    }
    self->again = journal->phase == PHASE_INSTALL;
    if (known)
        journal->phase = phases_next(journal->phase, find_event(self, same_boot));
    if (journal->phase < PHASE_PROVE)
        set_critical(self, false);
    return ERRAND_SUCCEEDED;
}

static Event
act(Update *self)
{
    switch (self->journal.phase) {
    case PHASE_FETCH:
        return update_fetch(self);
    case PHASE_INSPECT:
        return update_inspect(self);
    case PHASE_INSTALL:
        return update_install(self);
    case PHASE_RESTART:
        return update_restart(self);
    case PHASE_PROVE:
        return update_prove(self);
    case PHASE_HEALTH:
        return update_health(self);
    case PHASE_CONFIRM:
        return update_confirm(self);
    case PHASE_REJECT:
    case PHASE_FALLEN:
    case PHASE_TAKE_BACK:
        return update_reject(self, update_bad_slot(self));
    default:
        return EVENT_DONE;
    }
}

/* Before the slot is touched a state that cannot be saved ends the update; afterwards the machine
 * is what counts. */
static bool
save(Update *self)
{
    int32_t result = journal_save(self->job, &self->journal);
    char text[128];

    if (result == 0)
        return true;
    if (self->journal.phase <= PHASE_INSTALL) {
        errand_fail(self->job, "internal", "the update's state could not be saved: %s",
                    strerror(-result));
        return false;
    }
    snprintf(text, sizeof text, "phase %s could not be saved: %s; going on",
             phases_word(self->journal.phase), strerror(-result));
    errand_log(self->job, ERRAND_LOG_ERROR, text);
    return true;
}

static void
enter(Update *self)
{
    char text[64];

    snprintf(text, sizeof text, "phase %s", phases_word(self->journal.phase));
    errand_log(self->job, ERRAND_LOG_DEBUG, text);
    if (self->journal.phase < PHASE_PROVE)
        return;
    set_critical(self, true);
    if (strcmp(self->booted.slot, self->journal.old_slot) != 0)
        snprintf(self->journal.new_slot, BACKEND_TEXT, "%s", self->booted.slot);
}

static int32_t
walk(Update *self)
{
    Journal *journal = &self->journal;

    while (!phases_is_end(journal->phase)) {
        enter(self);
        if (!save(self)) {
            journal->phase = PHASE_FAILED;
            break;
        }
        journal->phase = phases_next(journal->phase, act(self));
    }
    if (journal->phase != PHASE_REBOOT)
        update_remove_image(self);
    return update_finish(self, journal->phase);
}

/* What an update needs that is not over with its image. */
static int32_t
prepare(Update *self)
{
    int32_t verdict = order_read(self->job, &self->order);

    return verdict == ERRAND_SUCCEEDED ? update_locate(self) : verdict;
}

/* The document and the settings may not agree any more. Then nothing is begun, and what an install
 * that did not return may have switched over is switched back. */
static int32_t
prepare_again(Update *self)
{
    const Backend *backend = self->order.backend;
    int32_t verdict = prepare(self);

    if (verdict == ERRAND_SUCCEEDED || self->journal.phase < PHASE_INSTALL)
        return verdict;
    self->order.backend = backend;
    update_reject(self, BACKEND_OTHER);
    return ERRAND_FAILED;
}

static int32_t
begin(Update *self)
{
    int32_t verdict = prepare(self);

    return verdict == ERRAND_SUCCEEDED ? take_up(self) : verdict;
}

static int32_t
resume(Update *self)
{
    int32_t verdict = order_resume(self->job, &self->order);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = update_locate(self);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = take_up(self);
    if (verdict == ERRAND_SUCCEEDED && self->journal.phase <= PHASE_INSTALL)
        verdict = prepare_again(self);
    return verdict;
}

/* The job has ended without us: no slot that nobody proved may be left to boot next. */
static int32_t
clean(Update *self)
{
    bool known = false, same_boot = false;
    int32_t verdict = order_resume(self->job, &self->order);

    if (errand_load_state(self->job, NULL) == NULL)
        return ERRAND_SUCCEEDED;
    if (verdict == ERRAND_SUCCEEDED)
        verdict = recall(self, &known, &same_boot);
    if (verdict != ERRAND_SUCCEEDED || !phases_needs_slot(self->journal.phase))
        return verdict;
    set_critical(self, true);
    verdict = look_or_remember(self, same_boot && self->journal.phase == PHASE_INSTALL);
    return verdict == ERRAND_SUCCEEDED ? update_clean(self) : verdict;
}

static int32_t
firmware_run(errand_job *job)
{
    Update self = {.job = job};
    int32_t start = errand_start(job), verdict;

    if (start == ERRAND_START_CLEANUP) {
        verdict = clean(&self);
    } else {
        verdict = start == ERRAND_START_FIRST ? begin(&self) : resume(&self);
        if (verdict == ERRAND_SUCCEEDED)
            verdict = walk(&self);
    }
    set_critical(&self, false);
    order_clear(&self.order);
    return verdict;
}

static const errand_operation operations[] = {
    {"afr_ota", "Updates the system, documents of FreeRTOS",
     ERRAND_OP_RESUMABLE | ERRAND_OP_CLEANUP, 0, firmware_check, firmware_run},
    {"firmware", "Updates the system in the slot that does not run",
     ERRAND_OP_RESUMABLE | ERRAND_OP_CLEANUP, 0, firmware_check, firmware_run},
};

ERRAND_PLUGIN("firmware", ERRAND_VERSION, operations);
