#include "verdict.h"

#include <signal.h>
#include <string.h>

/* As waitpid() packs them on Linux. */
#define EXITED(code)   ((code) << 8)
#define SIGNALED(sign) (sign)

typedef struct {
    const char *name;
    VerdictInput input;
    Outcome outcome;
    const char *reason;
    const char *message; /* a part of it */
    const char *signal;
    int exit_code;
} Row;

static const Row rows[] = {
    {"deadline",
     {TRUE, 60, .wait_status = SIGNALED(SIGKILL), .plugin = "p"},
     OUTCOME_FAILED,
     "timed-out",
     "plugin p was not done after 60 s",
     "SIGKILL",
     -1},
    {"deadline-of-the-service",
     {TRUE, 35, .wait_status = SIGNALED(SIGTERM), .plugin = "p", .out_of_time = TRUE},
     OUTCOME_FAILED,
     "timed-out",
     "plugin p was not done after 35 s, when the time that the service gives the job was nearly",
     "SIGTERM",
     -1},
    {"deadline-before-cancel",
     {TRUE, 1, TRUE, .wait_status = -1, .plugin = "p"},
     OUTCOME_FAILED,
     "timed-out",
     "1 s",
     NULL,
     -1},
    {"deadline-before-result",
     {TRUE, 1, .has_result = TRUE, .result = OUTCOME_SUCCEEDED, .plugin = "p"},
     OUTCOME_FAILED,
     "timed-out",
     "1 s",
     NULL,
     0},
    {"cancelled-done",
     {.cancelled = TRUE, .has_result = TRUE, .result = OUTCOME_SUCCEEDED},
     OUTCOME_SUCCEEDED,
     NULL,
     NULL,
     NULL,
     0},
    {"cancelled-failed",
     {.cancelled = TRUE, .has_result = TRUE, .result = OUTCOME_FAILED, .reason = "x"},
     OUTCOME_CANCELLED,
     NULL,
     NULL,
     NULL,
     0},
    {"cancelled-reboot",
     {.cancelled = TRUE, .has_result = TRUE, .result = OUTCOME_REBOOT},
     OUTCOME_CANCELLED,
     NULL,
     NULL,
     NULL,
     0},
    {"cancelled-cancelled",
     {.cancelled = TRUE, .has_result = TRUE, .result = OUTCOME_CANCELLED},
     OUTCOME_CANCELLED,
     NULL,
     NULL,
     NULL,
     0},
    {"cancelled-killed",
     {.cancelled = TRUE, .wait_status = SIGNALED(SIGTERM)},
     OUTCOME_CANCELLED,
     NULL,
     NULL,
     "SIGTERM",
     -1},
    {"cancelled-before-fault",
     {.cancelled = TRUE, .protocol_fault = "garbage", .wait_status = -1},
     OUTCOME_CANCELLED,
     NULL,
     NULL,
     NULL,
     -1},
    {"fault",
     {.protocol_fault = "garbage", .plugin = "p", .has_result = TRUE, .result = OUTCOME_SUCCEEDED},
     OUTCOME_FAILED,
     "protocol",
     "plugin p: garbage",
     NULL,
     0},
    {"fault-before-signal",
     {.protocol_fault = "garbage", .wait_status = SIGNALED(SIGKILL)},
     OUTCOME_FAILED,
     "protocol",
     "garbage",
     "SIGKILL",
     -1},
    {"signal",
     {.wait_status = SIGNALED(SIGSEGV), .plugin = "p"},
     OUTCOME_FAILED,
     "crashed",
     "plugin p died of SIGSEGV",
     "SIGSEGV",
     -1},
    {"core-dumped",
     {.wait_status = SIGNALED(SIGABRT) | 0x80, .plugin = "p"},
     OUTCOME_FAILED,
     "crashed",
     "SIGABRT",
     "SIGABRT",
     -1},
    {"exit-0",
     {.wait_status = EXITED(0), .plugin = "p"},
     OUTCOME_FAILED,
     "no-result",
     "exit status 0",
     NULL,
     0},
    {"exit-3",
     {.wait_status = EXITED(3), .plugin = "p"},
     OUTCOME_FAILED,
     "no-result",
     "exit status 3",
     NULL,
     3},
    {"unknown-end",
     {.wait_status = -1, .plugin = "p"},
     OUTCOME_FAILED,
     "no-result",
     "without a result",
     NULL,
     -1},
    {"failed",
     {.has_result = TRUE, .result = OUTCOME_FAILED, .reason = "no-space", .message = "disk full"},
     OUTCOME_FAILED,
     "no-space",
     "disk full",
     NULL,
     0},
    {"failed-without-text",
     {.has_result = TRUE, .result = OUTCOME_FAILED, .reason = "no-space", .plugin = "p"},
     OUTCOME_FAILED,
     "no-space",
     "plugin p said no more",
     NULL,
     0},
    {"failed-without-reason",
     {.has_result = TRUE, .result = OUTCOME_FAILED, .plugin = "p"},
     OUTCOME_FAILED,
     "internal",
     "plugin p gave no reason",
     NULL,
     0},
    {"rejected",
     {.has_result = TRUE, .result = OUTCOME_REJECTED, .reason = "not-allowed", .message = "no"},
     OUTCOME_REJECTED,
     "not-allowed",
     "no",
     NULL,
     0},
    {"rejected-without-reason",
     {.has_result = TRUE, .result = OUTCOME_REJECTED, .plugin = "p"},
     OUTCOME_REJECTED,
     "internal",
     "plugin p gave no reason",
     NULL,
     0},
    {"cancelled-by-nobody",
     {.has_result = TRUE, .result = OUTCOME_CANCELLED, .plugin = "p"},
     OUTCOME_FAILED,
     "internal",
     "nobody cancelled it",
     NULL,
     0},
    {"reboot", {.has_result = TRUE, .result = OUTCOME_REBOOT}, OUTCOME_REBOOT, NULL, NULL, NULL, 0},
    {"succeeded",
     {.has_result = TRUE, .result = OUTCOME_SUCCEEDED},
     OUTCOME_SUCCEEDED,
     NULL,
     NULL,
     NULL,
     0},
    {"succeeded-then-crashed",
     {.has_result = TRUE, .result = OUTCOME_SUCCEEDED, .wait_status = SIGNALED(SIGSEGV)},
     OUTCOME_SUCCEEDED,
     NULL,
     NULL,
     "SIGSEGV",
     -1},
    {"unknown-result",
     {.has_result = TRUE, .result = (Outcome)42, .plugin = "p"},
     OUTCOME_FAILED,
     "internal",
     "unknown result 42",
     NULL,
     0},
    {"all-zero", {.has_result = FALSE}, OUTCOME_FAILED, "no-result", "(unnamed)", NULL, 0},
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_auto(Verdict) verdict = {0};

    verdict_decide(&row->input, &verdict);
    g_assert_cmpint(verdict.outcome, ==, row->outcome);
    g_assert_cmpstr(verdict.reason, ==, row->reason);
    g_assert_cmpstr(verdict.signal, ==, row->signal);
    g_assert_cmpint(verdict.exit_code, ==, row->exit_code);
    if (row->message == NULL)
        g_assert_null(verdict.message);
    else if (verdict.message == NULL || strstr(verdict.message, row->message) == NULL)
        g_error("message is \"%s\", wanted \"%s\"", verdict.message, row->message);
}

static void
test_signal_name(void)
{
    g_assert_cmpstr(verdict_signal_name(SIGKILL), ==, "SIGKILL");
    g_assert_cmpstr(verdict_signal_name(SIGRTMIN), ==, "SIGRTMIN+0");
    g_assert_cmpstr(verdict_signal_name(0), ==, "signal 0");
    g_assert_cmpstr(verdict_signal_name(-7), ==, "signal -7");
    g_assert_cmpstr(verdict_signal_name(12345), ==, "signal 12345");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/verdict/", rows[i].name, NULL);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/verdict/signal-name", test_signal_name);
    return g_test_run();
}
