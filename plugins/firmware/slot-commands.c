#include "slot-commands.h"

#include "setting.h"
#include "tool.h"

#include <stdio.h>
#include <string.h>

int32_t
slot_commands_check(errand_job *job)
{
    static const char *const settings[] = {"booted", "confirm", "rollback"};
    int64_t limit_ms;

    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (errand_setting_item(job, settings[i], 0) == NULL)
            return errand_reject(job, "internal",
                                 "errand.conf: [plugin firmware] %s: is not set, must be a program "
                                 "with its arguments",
                                 settings[i]);
    }
    return setting_duration(job, "firmware", "command-timeout", &limit_ms);
}

static int32_t
run(errand_job *job, const char *setting, const char *argument,
    void (*line)(void *data, const char *line), void *data)
{
    Words argv = {0};
    Tool tool = {.argv = &argv, .limit_ms = SLOT_COMMANDS_LIMIT_MS, .line = line, .data = data};
    ChildEnd end;
    int32_t verdict = setting_duration(job, "firmware", "command-timeout", &tool.limit_ms);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    tool_words(job, setting, &argv);
    if (argument != NULL)
        words_add(&argv, argument);
    verdict = tool_run(job, &tool, &end);
    words_clear(&argv);
    if (verdict == ERRAND_FAILED)
        errand_fail(job, "internal", "errand.conf: [plugin firmware] %s: %s", setting, end.text);
    return verdict;
}

typedef struct {
    Booted *booted;
    char odd[128]; /* the beginning of what is no answer */
} Answer;

/* The first line that is not empty. Any other slot than the old one counts as the new one, so what
 * is not an answer (a complaint, say) must not be taken for a slot's name. */
static void
take_booted(void *data, const char *line)
{
    Answer *self = data;
    Booted found = {0};
    char more[2];
    int words = sscanf(line, "%255s %255s %1s", found.slot, found.version, more);

    if (words < 1 || *self->booted->slot != '\0' || *self->odd != '\0')
        return;
    if (words > 2 || strlen(found.slot) == BACKEND_TEXT - 1 ||
        strlen(found.version) == BACKEND_TEXT - 1)
        snprintf(self->odd, sizeof self->odd, "%s", line + strspn(line, " \t"));
    else
        *self->booted = found;
}

int32_t
slot_commands_booted(errand_job *job, Booted *booted)
{
    Answer answer = {.booted = booted, .odd = ""};
    int32_t verdict;

    *booted = (Booted){0};
    verdict = run(job, "booted", NULL, take_booted, &answer);
    if (verdict == ERRAND_SUCCEEDED && *answer.odd != '\0')
        return errand_fail(
            job, "internal",
            "errand.conf: [plugin firmware] booted: the program printed \"%s\", must "
            "be SLOT [VERSION]",
            answer.odd);
    if (verdict == ERRAND_SUCCEEDED && *booted->slot == '\0')
        return errand_fail(job, "internal",
                           "errand.conf: [plugin firmware] booted: the program printed no slot");
    return verdict;
}

int32_t
slot_commands_confirm(errand_job *job)
{
    return run(job, "confirm", NULL, NULL, NULL);
}

int32_t
slot_commands_reject(errand_job *job, const char *slot)
{
    return run(job, "rollback", slot, NULL, NULL);
}
