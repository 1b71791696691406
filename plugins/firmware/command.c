/* Backend `command`: an installer made of the owner's programs. */
#include "slot-commands.h"

#include "setting.h"
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A flash write takes its time, but not for ever. */
#define INSTALL_LIMIT_MS (60 * 60 * 1000)

static int32_t
command_check(errand_job *job)
{
    int64_t limit_ms;

    if (errand_setting_item(job, "install", 0) == NULL)
        return errand_reject(job, "internal",
                             "errand.conf: [plugin firmware] install: is not set, must be a "
                             "program with its arguments");
    if (setting_duration(job, "firmware", "install-timeout", &limit_ms) != ERRAND_SUCCEEDED)
        return ERRAND_REJECTED;
    return slot_commands_check(job);
}

static int32_t
run_on_image(errand_job *job, const char *setting, const char *image, Tool *tool, ChildEnd *end)
{
    Words argv = {0};
    int32_t verdict = setting_duration(job, "firmware", "install-timeout", &tool->limit_ms);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    tool->argv = &argv;
    tool_words(job, setting, &argv);
    words_add(&argv, image);
    verdict = tool_run(job, tool, end);
    tool->argv = NULL;
    words_clear(&argv);
    return verdict;
}

static void
take_image(void *data, const char *line)
{
    Image *info = data;

    if (*info->version == '\0')
        sscanf(line, "%255s %255s", info->version, info->compatible);
}

static int32_t
command_inspect(errand_job *job, const char *image, Image *info)
{
    Tool tool = {
        .limit_ms = INSTALL_LIMIT_MS, .cancellable = true, .line = take_image, .data = info};
    ChildEnd end;
    int32_t verdict;

    *info = (Image){0};
    if (errand_setting_item(job, "inspect", 0) == NULL)
        return ERRAND_SUCCEEDED;
    verdict = run_on_image(job, "inspect", image, &tool, &end);
    if (verdict == ERRAND_FAILED)
        return errand_fail(job, "install-failed",
                           "the image is refused: errand.conf: [plugin firmware] inspect: %s",
                           end.text);
    return verdict;
}

typedef struct {
    errand_job *job;
    char last[CHILD_LINE_MAX + 1]; /* what it said last, for the message of a failure */
} Install;

/* "NN" or "NN text"; other lines go where the program's output goes. */
static void
take_progress(void *data, const char *line)
{
    Install *self = data;
    char *rest = NULL;
    long percent = strtol(line, &rest, 10);

    if (*line >= '0' && *line <= '9' && percent <= 100 && (*rest == ' ' || *rest == '\0')) {
        errand_progress(self->job, (int32_t)percent, *rest == ' ' ? rest + 1 : "install");
        return;
    }
    snprintf(self->last, sizeof self->last, "%s", line);
    puts(line);
    fflush(stdout);
}

/* Not one that could not be started: nothing was written then. */
static bool
has_run(const ChildEnd *end)
{
    return end->exit_code > 0 || end->signal != 0 || strcmp(end->word, "timed-out") == 0;
}

/* It may have switched over before it failed. */
static void
take_back(errand_job *job)
{
    if (slot_commands_reject(job, BACKEND_OTHER) != ERRAND_SUCCEEDED)
        errand_log(job, ERRAND_LOG_ERROR,
                   "the slot of the failed install could not be marked bad: it may be booted next");
}

/* What an interrupted run had started is gone: everything that a step leaves behind in a crash is
 * killed before the step runs again. */
static int32_t
command_install(errand_job *job, const char *image, bool again)
{
    Install self = {.job = job};
    Tool tool = {.limit_ms = INSTALL_LIMIT_MS, .line = take_progress, .data = &self};
    ChildEnd end;
    int32_t verdict = run_on_image(job, "install", image, &tool, &end);

    if (verdict == ERRAND_FAILED && has_run(&end))
        take_back(job);
    if (verdict == ERRAND_FAILED)
        return errand_fail(job, "install-failed",
                           "errand.conf: [plugin firmware] install: %s%s%.300s", end.text,
                           *self.last != '\0' ? ": " : "", self.last);
    return verdict;
}

const Backend backend_command = {
    .name = "command",
    .check = command_check,
    .booted = slot_commands_booted,
    .inspect = command_inspect,
    .install = command_install,
    .confirm = slot_commands_confirm,
    .reject = slot_commands_reject,
};
