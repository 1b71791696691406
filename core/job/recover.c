#include "recover.h"

static void
fail(RecoverPlan *plan, char *message)
{
    plan->action = RECOVER_FAIL;
    plan->reason = "interrupted";
    plan->message = message;
}

/* A system on trial is started by its boot loader until that has had enough, three times as a rule.
 * Only a start after those can tell that the machine fell back. */
static guint
starts_allowed(const JobRecord *record, guint max_attempts)
{
    return record->reboots > 0 ? max_attempts * 2 : max_attempts;
}

static void
decide_running(const JobRecord *record, guint max_attempts, RecoverPlan *plan)
{
    if (record->attempts == 0) {
        plan->action = RECOVER_NEXT;
        return;
    }
    if (!record->resumable) {
        fail(plan, g_strdup_printf("step %u was running when errand ended and its operation is not "
                                   "declared resumable: it was not run again",
                                   record->step + 1));
        return;
    }
    if (record->attempts >= starts_allowed(record, max_attempts)) {
        fail(plan, g_strdup_printf("step %u was interrupted %u times; [jobs] max-attempts is %u",
                                   record->step + 1, record->attempts, max_attempts));
        return;
    }
    plan->action = RECOVER_RESUME;
}

/* A boot id that never changes (a wrong boot-id-file) must not restart the machine for ever. */
static void
decide_rebooting(const JobRecord *record, const char *boot_id, guint max_attempts,
                 RecoverPlan *plan)
{
    gboolean other_boot = boot_id && record->boot_id && g_strcmp0(boot_id, record->boot_id) != 0;

    plan->action = other_boot ? RECOVER_REBOOTED : RECOVER_AWAIT_REBOOT;
    if (other_boot || record->reboots < max_attempts) {
        return;
    }
    fail(plan, g_strdup_printf("a restart was asked for %u times, [jobs] max-attempts is %u, and "
                               "the boot id is still the same",
                               record->reboots, max_attempts));
    plan->reason = "reboot-did-not-happen";
}

void
recover_decide(const JobRecord *record, const char *boot_id, guint max_attempts, RecoverPlan *plan)
{
    *plan = (RecoverPlan){.action = RECOVER_FINISH};
    if (record->state == STORED_DECIDED) {
        return;
    }
    if (record->state == STORED_ENDING) {
        plan->action = RECOVER_CLEAN;
        return;
    }
    if (record->state == STORED_DAMAGED) {
        fail(plan, g_strdup("the job's record on disk was damaged: what ran of it is not known"));
        return;
    }
    if (!record->document && record->state == STORED_CLAIMING) {
        plan->action = RECOVER_FORGET;
        return;
    }
    if (!record->document) {
        fail(plan, g_strdup("the job's document on disk is missing or damaged"));
        return;
    }
    switch (record->state) {
    case STORED_RUNNING:
        decide_running(record, max_attempts, plan);
        break;
    case STORED_REBOOTING:
        decide_rebooting(record, boot_id, max_attempts, plan);
        break;
    case STORED_CLAIMING:
        plan->action = RECOVER_OFFER;
        break;
    case STORED_DAMAGED:
    case STORED_ENDING:
    case STORED_DECIDED:
        break;
    }
}

const char *
recover_word(RecoverAction action)
{
    static const char *const words[] = {
        [RECOVER_FORGET] = "its document never reached the disk, it is forgotten",
        [RECOVER_OFFER] = "nothing ran, it is checked and claimed anew",
        [RECOVER_NEXT] = "its next step is run",
        [RECOVER_RESUME] = "the interrupted step is run again",
        [RECOVER_REBOOTED] = "the machine was restarted, its step goes on",
        [RECOVER_AWAIT_REBOOT] = "it still waits for a reboot",
        [RECOVER_FAIL] = "it was interrupted",
        [RECOVER_CLEAN] = "it has ended, its plugin cleans up",
        [RECOVER_FINISH] = "its final status is told again",
    };

    return words[action];
}

void
recover_clear(RecoverPlan *plan)
{
    g_clear_pointer(&plan->message, g_free);
}
