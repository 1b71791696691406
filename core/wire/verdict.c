#include "verdict.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static void
decide(Verdict *verdict, Outcome outcome, const char *reason, char *message)
{
    verdict->outcome = outcome;
    verdict->reason = g_strdup(reason);
    verdict->message = message;
}

const char *
verdict_signal_name(int number)
{
    const char *abbreviation = sigabbrev_np(number);
    g_autofree char *name = NULL;

    if (abbreviation != NULL)
        name = g_strconcat("SIG", abbreviation, NULL);
    else if (number >= SIGRTMIN && number <= SIGRTMAX)
        name = g_strdup_printf("SIGRTMIN+%d", number - SIGRTMIN);
    else
        name = g_strdup_printf("signal %d", number);
    return g_intern_string(name);
}

static void
read_status(const VerdictInput *input, Verdict *verdict)
{
    verdict->exit_code = -1;
    if (input->wait_status == -1)
        return;
    if (WIFEXITED(input->wait_status))
        verdict->exit_code = WEXITSTATUS(input->wait_status);
    else if (WIFSIGNALED(input->wait_status))
        verdict->signal = g_strdup(verdict_signal_name(WTERMSIG(input->wait_status)));
}

static void
decide_without_result(const VerdictInput *input, const char *plugin, Verdict *verdict)
{
    if (verdict->signal != NULL || verdict->exit_code >= 0)
        verdict->end = VERDICT_END_CRASHED;
    if (verdict->signal != NULL)
        decide(verdict, OUTCOME_FAILED, "crashed",
               g_strdup_printf("plugin %s died of %s", plugin, verdict->signal));
    else if (verdict->exit_code >= 0)
        decide(verdict, OUTCOME_FAILED, "no-result",
               g_strdup_printf("plugin %s ended its process with exit status %d and gave no result",
                               plugin, verdict->exit_code));
    else
        decide(verdict, OUTCOME_FAILED, "no-result",
               g_strdup_printf("plugin %s ended without a result", plugin));
}

static void
decide_refusal(const VerdictInput *input, const char *plugin, Verdict *verdict)
{
    const char *text = input->message;

    if (input->reason == NULL || *input->reason == '\0')
        decide(verdict, input->result, "internal",
               g_strdup_printf("plugin %s gave no reason", plugin));
    else
        decide(verdict, input->result, input->reason,
               text != NULL && *text != '\0'
                   ? g_strdup(text)
                   : g_strdup_printf("plugin %s said no more than that", plugin));
}

static void
decide_by_result(const VerdictInput *input, const char *plugin, Verdict *verdict)
{
    verdict->end = VERDICT_END_SAID;
    switch (input->result) {
    case OUTCOME_SUCCEEDED:
    case OUTCOME_REBOOT:
        decide(verdict, input->result, NULL, NULL);
        return;
    case OUTCOME_FAILED:
    case OUTCOME_REJECTED:
        decide_refusal(input, plugin, verdict);
        return;
    case OUTCOME_CANCELLED:
        decide(verdict, OUTCOME_FAILED, "internal",
               g_strdup_printf("plugin %s says it was cancelled, but nobody cancelled it", plugin));
        return;
    }
    decide(verdict, OUTCOME_FAILED, "internal",
           g_strdup_printf("plugin %s gave the unknown result %d", plugin, (int)input->result));
}

static void
decide_deadline(const VerdictInput *input, const char *plugin, Verdict *verdict)
{
    if (input->out_of_time)
        decide(verdict, OUTCOME_FAILED, "timed-out",
               g_strdup_printf("plugin %s was not done after %u s, when the time that the service "
                               "gives the job was nearly over (its in-progress timeout)",
                               plugin, input->deadline_s));
    else
        decide(verdict, OUTCOME_FAILED, "timed-out",
               g_strdup_printf("plugin %s was not done after %u s", plugin, input->deadline_s));
}

void
verdict_decide(const VerdictInput *input, Verdict *verdict)
{
    const char *plugin = input->plugin != NULL ? input->plugin : "(unnamed)";

    memset(verdict, 0, sizeof *verdict);
    read_status(input, verdict);
    if (input->deadline_passed)
        decide_deadline(input, plugin, verdict);
    else if (input->cancelled && input->has_result && input->result == OUTCOME_SUCCEEDED)
        decide(verdict, OUTCOME_SUCCEEDED, NULL, NULL);
    else if (input->cancelled)
        decide(verdict, OUTCOME_CANCELLED, NULL, NULL);
    else if (input->protocol_fault != NULL)
        decide(verdict, OUTCOME_FAILED, "protocol",
               g_strdup_printf("plugin %s: %s", plugin, input->protocol_fault));
    else if (!input->has_result)
        decide_without_result(input, plugin, verdict);
    else
        decide_by_result(input, plugin, verdict);
}

void
verdict_clear(Verdict *verdict)
{
    g_clear_pointer(&verdict->reason, g_free);
    g_clear_pointer(&verdict->message, g_free);
    g_clear_pointer(&verdict->signal, g_free);
}
