#include "recover.h"

#include <glib.h>

#define LIMIT 3

typedef struct {
    const char *name;
    StoredState state;
    gboolean resumable;
    guint attempts;
    const char *stored_boot;
    const char *boot;
    gboolean no_document;
    RecoverAction action;
    guint reboots;
    const char *reason; /* NULL: interrupted */
} Case;

static const Case cases[] = {
    {"claiming", STORED_CLAIMING, FALSE, 0, "a", "a", FALSE, RECOVER_OFFER},
    {"claiming-other-boot", STORED_CLAIMING, FALSE, 0, "a", "b", FALSE, RECOVER_OFFER},
    {"claiming-without-document", STORED_CLAIMING, FALSE, 0, "a", "a", TRUE, RECOVER_FORGET},
    {"running", STORED_RUNNING, FALSE, 1, "a", "a", FALSE, RECOVER_FAIL},
    {"running-other-boot", STORED_RUNNING, FALSE, 1, "a", "b", FALSE, RECOVER_FAIL},
    {"running-resumable", STORED_RUNNING, TRUE, 1, "a", "a", FALSE, RECOVER_RESUME},
    {"running-resumable-other-boot", STORED_RUNNING, TRUE, 1, "a", "b", FALSE, RECOVER_RESUME},
    {"running-last-attempt", STORED_RUNNING, TRUE, 2, "a", "a", FALSE, RECOVER_RESUME},
    {"running-too-often", STORED_RUNNING, TRUE, 3, "a", "a", FALSE, RECOVER_FAIL},
    {"running-on-trial", STORED_RUNNING, TRUE, 5, "a", "b", FALSE, RECOVER_RESUME, 1},
    {"running-on-trial-too-often", STORED_RUNNING, TRUE, 6, "a", "b", FALSE, RECOVER_FAIL, 1},
    {"running-without-document", STORED_RUNNING, TRUE, 1, "a", "a", TRUE, RECOVER_FAIL},
    {"next-step-not-begun", STORED_RUNNING, FALSE, 0, "a", "a", FALSE, RECOVER_NEXT},
    {"rebooting-same-boot", STORED_REBOOTING, FALSE, 1, "a", "a", FALSE, RECOVER_AWAIT_REBOOT},
    {"rebooting-other-boot", STORED_REBOOTING, FALSE, 1, "a", "b", FALSE, RECOVER_REBOOTED},
    {"rebooting-unknown-boot", STORED_REBOOTING, FALSE, 1, "a", NULL, FALSE, RECOVER_AWAIT_REBOOT},
    {"rebooting-from-unknown", STORED_REBOOTING, FALSE, 1, NULL, "b", FALSE, RECOVER_AWAIT_REBOOT},
    {"rebooting-too-often", STORED_REBOOTING, FALSE, 3, "a", "a", FALSE, RECOVER_FAIL, 3,
     "reboot-did-not-happen"},
    {"rebooted-at-last", STORED_REBOOTING, FALSE, 3, "a", "b", FALSE, RECOVER_REBOOTED, 3},
    {"rebooting-without-document", STORED_REBOOTING, FALSE, 1, "a", "b", TRUE, RECOVER_FAIL},
    {"decided", STORED_DECIDED, FALSE, 1, "a", "b", FALSE, RECOVER_FINISH},
    {"decided-without-document", STORED_DECIDED, FALSE, 1, "a", "a", TRUE, RECOVER_FINISH},
    {"ending", STORED_ENDING, TRUE, 1, "a", "b", FALSE, RECOVER_CLEAN},
    {"ending-without-document", STORED_ENDING, TRUE, 3, "a", "a", TRUE, RECOVER_CLEAN},
    {"damaged", STORED_DAMAGED, TRUE, 0, NULL, "a", FALSE, RECOVER_FAIL},
    {"damaged-without-document", STORED_DAMAGED, TRUE, 0, NULL, "a", TRUE, RECOVER_FAIL},
};

static void
test_case(gconstpointer data)
{
    const Case *this = data;
    g_autoptr(ExecutionId) id = execution_id_new("job", 1, 1);
    g_autoptr(JobRecord) record = job_record_new(id);
    g_auto(RecoverPlan) plan = {0};

    record->state = this->state;
    record->resumable = this->resumable;
    record->attempts = this->attempts;
    record->reboots = this->reboots;
    record->boot_id = g_strdup(this->stored_boot);
    record->document = this->no_document ? NULL : g_strdup("{}");
    recover_decide(record, this->boot, LIMIT, &plan);
    g_assert_cmpint(plan.action, ==, this->action);
    if (plan.action == RECOVER_FAIL) {
        g_assert_cmpstr(plan.reason, ==, this->reason != NULL ? this->reason : "interrupted");
        g_assert_nonnull(plan.message);
    } else {
        g_assert_null(plan.reason);
        g_assert_null(plan.message);
    }
    g_assert_nonnull(recover_word(plan.action));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/recover/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    return g_test_run();
}
