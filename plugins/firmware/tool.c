#include "tool.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
tool_words(errand_job *job, const char *setting, Words *argv)
{
    const char *word;
    int32_t i = 0;

    for (; (word = errand_setting_item(job, setting, i)) != NULL; i++)
        words_add(argv, word);
    return i > 0;
}

/* A name that is not found anywhere stays as it is, for the message. */
static void
find_program(const char *name, char path[PATH_MAX])
{
    char directories[] = CHILD_PATH, *rest = NULL;

    snprintf(path, PATH_MAX, "%s", name);
    if (strchr(name, '/') != NULL)
        return;
    for (char *directory = strtok_r(directories, ":", &rest); directory != NULL;
         directory = strtok_r(NULL, ":", &rest)) {
        if (snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX &&
            access(path, X_OK) == 0)
            return;
    }
    snprintf(path, PATH_MAX, "%s", name);
}

int32_t
tool_run(errand_job *job, const Tool *tool, ChildEnd *end)
{
    AccountChoice choice = {.plugin = "firmware", .default_user = "root", .only_look = true};
    Words environment = {0};
    Account account;
    char path[PATH_MAX];
    int32_t verdict = account_choose(job, &choice, &account);

    *end = (ChildEnd){.exit_code = -1};
    if (verdict != ERRAND_SUCCEEDED) {
        *end = (ChildEnd){-1, 0, "internal", "errand's own account cannot be looked up"};
        return ERRAND_FAILED;
    }
    child_environment(job, &account, &environment);
    if (words_ok(tool->argv) && words_ok(&environment)) {
        ChildSpec spec = {
            .program = path,
            .argv = tool->argv->items,
            .envp = environment.items,
            .directory = "/",
            .limit_ms = tool->limit_ms,
            .stubborn = !tool->cancellable,
            .line = tool->line,
            .data = tool->data,
        };

        find_program(tool->argv->items[0], path);
        verdict = child_try(job, &spec, end);
    } else {
        *end = (ChildEnd){-1, 0, "internal", "out of memory"};
        verdict = ERRAND_FAILED;
    }
    words_clear(&environment);
    account_clear(&account);
    return verdict;
}
