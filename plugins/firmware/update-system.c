/* Phases restart to fallen: which system runs, and whether it stays. */
#include "freertos.h"
#include "health.h"
#include "update.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How long a confirmation is tried for. */
#define CONFIRM_MS 5000

void
update_blame(Update *self, const char *reason, const char *format, ...)
{
    va_list args;

    if (*self->journal.reason != '\0')
        return;
    va_start(args, format);
    vsnprintf(self->journal.message, sizeof self->journal.message, format, args);
    va_end(args);
    snprintf(self->journal.reason, sizeof self->journal.reason, "%s", reason);
    errand_log(self->job, ERRAND_LOG_WARNING, self->journal.message);
}

Event
update_restart(Update *self)
{
    update_remove_image(self);
    if (errand_cancelled(self->job)) {
        update_blame(self, "rolled-back", "cancelled after the install and before the reboot");
        return EVENT_CANCELLED;
    }
    if (self->order.freertos)
        freertos_self_test(self->job, "ready", self->journal.old_version);
    return EVENT_DONE;
}

/* Another slot runs; is it the system that was ordered? */
Event
update_prove(Update *self)
{
    const char *runs = self->booted.version, *floor = errand_setting(self->job, "minimum-version");

    if (self->order.freertos)
        freertos_self_test(self->job, "active", runs);
    if (*runs == '\0')
        return EVENT_DONE;
    if (*self->journal.version != '\0' && strcmp(runs, self->journal.version) != 0) {
        update_blame(self, "not-booted", "slot %s runs version %s instead of %s", self->booted.slot,
                     runs, self->journal.version);
        return EVENT_BAD;
    }
    if (order_check_floor(self->job, runs, "the new system's version") == ERRAND_SUCCEEDED)
        return EVENT_DONE;
    update_blame(self, "not-booted", "slot %s runs version %s, below the floor %s",
                 self->booted.slot, runs, floor);
    return EVENT_BAD;
}

Event
update_health(Update *self)
{
    char fault[512] = "";

    errand_progress(self->job, -1, "health");
    if (health_prove(self->job, fault, sizeof fault))
        return EVENT_DONE;
    update_blame(self, "health-check-failed", "%.300s", fault);
    return EVENT_BAD;
}

Event
update_confirm(Update *self)
{
    int64_t until = health_now_ms() + CONFIRM_MS;

    errand_progress(self->job, -1, "confirm");
    do {
        if (self->order.backend->confirm(self->job) == ERRAND_SUCCEEDED)
            return EVENT_DONE;
    } while (health_pause(self->job, "confirm", until));
    return EVENT_FAILED;
}

Event
update_reject(Update *self, const char *slot)
{
    char text[BACKEND_TEXT + 128];

    errand_progress(self->job, -1, "rollback");
    if (self->order.backend->reject(self->job, slot) == ERRAND_SUCCEEDED)
        return EVENT_DONE;
    self->unmarked = true;
    snprintf(text, sizeof text, "slot %s could not be marked bad: the boot loader may try it again",
             slot);
    errand_log(self->job, ERRAND_LOG_ERROR, text);
    return EVENT_FAILED;
}

/* What runs now. The new system, proved, has the version ordered where it does not tell one. */
static void
tell_system(Update *self, bool proved)
{
    bool assumed = proved && *self->booted.version == '\0';

    errand_detail(self->job, "slot", self->booted.slot);
    errand_detail(self->job, "version", assumed ? self->journal.version : self->booted.version);
}

const char *
update_bad_slot(const Update *self)
{
    return *self->journal.new_slot != '\0' ? self->journal.new_slot : BACKEND_OTHER;
}

int32_t
update_clean(Update *self)
{
    bool old = strcmp(self->booted.slot, self->journal.old_slot) == 0;

    if (old && update_reject(self, update_bad_slot(self)) != EVENT_DONE)
        return ERRAND_FAILED;
    if (!old && self->journal.phase == PHASE_CONFIRM && update_confirm(self) == EVENT_DONE) {
        tell_system(self, true);
        return ERRAND_SUCCEEDED;
    }
    tell_system(self, false);
    if (old)
        return ERRAND_SUCCEEDED;
    update_reject(self, self->booted.slot);
    return ERRAND_REBOOT;
}

static int32_t
finish_rolled_back(Update *self)
{
    const char *remark =
        self->unmarked ? "; the new slot could not be marked bad and may be booted again" : "";

    if (*self->journal.reason == '\0')
        return errand_fail(self->job, "rolled-back",
                           "after the reboot the old slot %s runs: the new system did not boot, or "
                           "was given up by the boot loader%s",
                           self->booted.slot, remark);
    return errand_fail(self->job, self->journal.reason, "%s; rolled back to %s%s",
                       self->journal.message, self->booted.slot, remark);
}

int32_t
update_finish(Update *self, Phase end)
{
    bool proved = end == PHASE_SUCCEEDED || end == PHASE_UNCONFIRMED;

    if (proved || end == PHASE_ROLLED_BACK || end == PHASE_STUCK)
        tell_system(self, proved);
    switch (end) {
    case PHASE_REBOOT:
        return ERRAND_REBOOT;
    case PHASE_SUCCEEDED:
        return ERRAND_SUCCEEDED;
    case PHASE_CANCELLED:
        return ERRAND_CANCELLED;
    case PHASE_ROLLED_BACK:
        return finish_rolled_back(self);
    case PHASE_UNCONFIRMED:
        return errand_fail(self->job, "install-failed",
                           "slot %s runs and is healthy, but could not be marked good: the boot "
                           "loader may fall back to %s at the next restart",
                           self->booted.slot, self->journal.old_slot);
    case PHASE_STUCK:
        return errand_fail(self->job,
                           *self->journal.reason != '\0' ? self->journal.reason : "rolled-back",
                           "%s; it was to be rolled back to %s, but %s runs again",
                           self->journal.message, self->journal.old_slot, self->booted.slot);
    default:
        return self->refused ? ERRAND_REJECTED : ERRAND_FAILED;
    }
}
