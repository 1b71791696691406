#include "health.h"

#include "boottime.h"
#include "command-line.h"
#include "setting.h"
#include "tool.h"

#include <poll.h>
#include <stdio.h>

#define LIMIT_MS (5 * 60 * 1000)
#define PAUSE_MS 1000
/* A command that is begun in the last moment still gets a fair time. */
#define FAIR_MS  2000

int64_t
health_now_ms(void)
{
    return boottime_ms();
}

bool
health_pause(errand_job *job, const char *step, int64_t until)
{
    int64_t left = until - health_now_ms();

    if (left <= 0)
        return false;
    errand_progress(job, -1, step);
    poll(NULL, 0, left < PAUSE_MS ? (int)left : PAUSE_MS);
    return true;
}

int64_t
health_limit(errand_job *job)
{
    int64_t limit_ms = LIMIT_MS;

    setting_duration(job, "firmware", "health-timeout", &limit_ms);
    return limit_ms;
}

static bool
read_line(const char *line, Words *words)
{
    return command_line_split(line, words) && words->count > 0 && *words->items[0] != '\0';
}

int32_t
health_check_settings(errand_job *job)
{
    int64_t limit_ms;
    const char *line;
    int32_t verdict = setting_duration(job, "firmware", "health-timeout", &limit_ms);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = setting_duration(job, "firmware", "command-timeout", &limit_ms);
    for (int32_t i = 0; verdict == ERRAND_SUCCEEDED &&
                        (line = errand_setting_item(job, "health-checks", i)) != NULL;
         i++) {
        Words words = {0};

        if (!read_line(line, &words))
            verdict = errand_reject(job, "internal",
                                    "errand.conf: [plugin firmware] health-checks: item %d is not "
                                    "a command line (is a quote left open?)",
                                    (int)i + 1);
        words_clear(&words);
    }
    return verdict;
}

/* Runs argv, gives it back empty. False with the fault said. */
static bool
ask(errand_job *job, Words *argv, int64_t until, char *fault, size_t size)
{
    int64_t limit_ms = TOOL_LIMIT_MS, left = until - health_now_ms();
    Tool tool = {.argv = argv};
    ChildEnd end;
    int32_t verdict;

    setting_duration(job, "firmware", "command-timeout", &limit_ms);
    if (left < FAIR_MS)
        left = FAIR_MS;
    tool.limit_ms = left < limit_ms ? left : limit_ms;
    verdict = tool_run(job, &tool, &end);
    words_clear(argv);
    if (verdict != ERRAND_SUCCEEDED)
        snprintf(fault, size, "%s", end.text);
    return verdict == ERRAND_SUCCEEDED;
}

static bool
ask_commands(errand_job *job, int64_t until, char *fault, size_t size)
{
    const char *line;

    for (int32_t i = 0; (line = errand_setting_item(job, "health-checks", i)) != NULL; i++) {
        Words argv = {0};

        if (!read_line(line, &argv)) {
            words_clear(&argv);
            snprintf(fault, size, "health-checks: item %d is not a command line", (int)i + 1);
            return false;
        }
        if (!ask(job, &argv, until, fault, size))
            return false;
    }
    return true;
}

static bool
ask_units(errand_job *job, int64_t until, char *fault, size_t size)
{
    static const char *const standard[] = {"systemctl", "is-active", "--quiet", "--", NULL};
    const char *unit, *word;

    for (int32_t i = 0; (unit = errand_setting_item(job, "health-units", i)) != NULL; i++) {
        char text[256];
        Words argv = {0};

        for (int32_t j = 0; (word = setting_list_item(job, "unit-check", standard, j)); j++)
            words_add(&argv, word);
        words_add(&argv, unit);
        if (ask(job, &argv, until, text, sizeof text))
            continue;
        snprintf(fault, size, "unit %s is not active: %s", unit, text);
        return false;
    }
    return true;
}

bool
health_prove(errand_job *job, char *fault, size_t size)
{
    int64_t until = health_now_ms() + health_limit(job);
    char said[512];

    do {
        if (ask_commands(job, until, said, sizeof said) && ask_units(job, until, said, sizeof said))
            return true;
        /* What was stopped for want of time tells less than an answer. */
        if (*fault == '\0' || health_now_ms() < until)
            snprintf(fault, size, "%s", said);
    } while (health_pause(job, "health", until));
    return false;
}
