/* Operations shell and runCommand: one program, named by the document, allowed by the owner. */
#include "child.h"
#include "document.h"
#include "program.h"
#include "setting.h"
#include "split.h"

#include <ctype.h>
#include <string.h>

/* Everything a document asks for, checked. */
typedef struct {
    Words argv;
    Words environment;
    Program program;
    Account account;
    const char *directory;
} Request;

static void
request_clear(Request *request)
{
    words_clear(&request->argv);
    words_clear(&request->environment);
    account_clear(&request->account);
}

/* {"command": ["program", "argument", ...]} */
static int32_t
read_command_list(errand_job *job, Words *argv)
{
    if (errand_get_type(job, "/command") != ERRAND_TYPE_ARRAY ||
        errand_get_length(job, "/command") == 0)
        return errand_reject(job, "invalid-document",
                             "operation shell needs \"command\", a list of strings: "
                             "[\"program\", \"argument\"]");
    return document_words(job, "command", argv);
}

/* {"command": "program,argument,..."}, the Device Client's way. */
static int32_t
read_command_text(errand_job *job, Words *argv)
{
    const char *text;
    int32_t verdict = document_required_string(job, "command", &text);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    split_command(text, argv);
    if (argv->count == 0 || *argv->items[0] == '\0')
        return errand_reject(job, "invalid-document", "\"command\" names no program");
    if (strpbrk(argv->items[0], " \t\n\v\f\r") != NULL)
        return errand_reject(job, "invalid-document",
                             "\"command\": the program's name has a blank in it: separate the "
                             "arguments by commas, \"echo,hello\"");
    return ERRAND_SUCCEEDED;
}

static bool
is_variable_name(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_')
        return false;
    while (isalnum((unsigned char)*name) || *name == '_')
        name++;
    return *name == '\0';
}

/* With a list of commands, a variable such as LD_PRELOAD would turn an allowed program into any
 * other: then the owner has to list the variables, too. */
static bool
is_variable_allowed(errand_job *job, const char *name)
{
    if (errand_setting(job, "environment") == NULL)
        return setting_list_allows(job, "commands", "*");
    return setting_list_allows(job, "environment", name);
}

static int32_t
read_variable(errand_job *job, const char *name, Words *environment)
{
    char pointer[160];
    const char *value;

    if (!is_variable_name(name) || strlen(name) > 128)
        return errand_reject(job, "invalid-document",
                             "\"environment\": \"%.128s\" is not a variable's name "
                             "([A-Za-z_][A-Za-z0-9_]*, at most 128)",
                             name);
    if (!is_variable_allowed(job, name))
        return errand_reject(job, "not-allowed",
                             "errand.conf: [plugin shell] environment does not list \"%s\"", name);
    snprintf(pointer, sizeof pointer, "/environment/%s", name);
    value = errand_get_string(job, pointer);
    if (value == NULL)
        return errand_reject(job, "invalid-document", "\"environment\": \"%s\" is not a string",
                             name);
    words_set(environment, name, value);
    return ERRAND_SUCCEEDED;
}

static int32_t
read_environment(errand_job *job, Words *environment)
{
    int32_t type = errand_get_type(job, "/environment");
    const char *name;

    if (type == ERRAND_TYPE_NONE || type == ERRAND_TYPE_NULL)
        return ERRAND_SUCCEEDED;
    if (type != ERRAND_TYPE_OBJECT)
        return errand_reject(job, "invalid-document",
                             "\"environment\" must be an object of strings");
    for (int32_t i = 0; (name = errand_get_key(job, "/environment", i)) != NULL; i++) {
        int32_t verdict = read_variable(job, name, environment);

        if (verdict != ERRAND_SUCCEEDED)
            return verdict;
    }
    return ERRAND_SUCCEEDED;
}

static int32_t
read_shell(errand_job *job, Request *request)
{
    static const char *const keys[] = {"operation", "command",     "user", "timeout",
                                       "directory", "environment", NULL};
    int64_t timeout;
    const char *user;
    int32_t verdict = document_check_keys(job, keys);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = document_seconds(job, "timeout", 1, &timeout);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = document_string(job, "user", &user);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = document_string(job, "directory", &request->directory);
    if (verdict == ERRAND_SUCCEEDED && request->directory != NULL && *request->directory != '/')
        return errand_reject(job, "invalid-document", "\"directory\" must be an absolute path");
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_command_list(job, &request->argv);
    return verdict;
}

/* In a step document an earlier step may install the program, so its absence counts only when its
 * turn has come; everything else is refused before the first step runs. */
static int32_t
require_program(errand_job *job, bool running, const Request *request)
{
    static const char text[] = "there is no program \"%s\" on this machine";
    bool is_step = strcmp(errand_step(job), errand_operation_name(job)) != 0;

    if (request->program.exists || (is_step && !running))
        return ERRAND_SUCCEEDED;
    if (running)
        return errand_fail(job, "not-found", text, request->argv.items[0]);
    return errand_reject(job, "not-found", text, request->argv.items[0]);
}

static int32_t
request_read(errand_job *job, bool running, Request *request)
{
    bool is_shell = strcmp(errand_operation_name(job), "shell") == 0;
    AccountChoice choice = {"shell", errand_user(job), "users", "nobody", !running};
    int32_t verdict = is_shell ? read_shell(job, request) : read_command_text(job, &request->argv);

    if (is_shell && choice.wanted == NULL)
        choice.wanted = errand_get_string(job, "/user");
    if (verdict == ERRAND_SUCCEEDED && !words_ok(&request->argv))
        return errand_reject(job, "internal", "reading \"command\": out of memory");
    if (verdict == ERRAND_SUCCEEDED)
        verdict = program_choose(job, request->argv.items[0], &request->program);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = require_program(job, running, request);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = account_choose(job, &choice, &request->account);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    child_environment(job, &request->account, &request->environment);
    if (is_shell)
        verdict = read_environment(job, &request->environment);
    if (verdict == ERRAND_SUCCEEDED && !words_ok(&request->environment))
        return errand_reject(job, "internal", "making the environment: out of memory");
    return verdict;
}

static int32_t
shell_check(errand_job *job)
{
    Request request = {.directory = NULL};
    int32_t verdict = request_read(job, false, &request);

    request_clear(&request);
    return verdict;
}

static int32_t
shell_run(errand_job *job)
{
    Request request = {.directory = NULL};
    int32_t verdict = request_read(job, true, &request);

    if (verdict == ERRAND_SUCCEEDED) {
        ChildSpec spec = {
            .program = request.program.path,
            .argv = request.argv.items,
            .envp = request.environment.items,
            .directory = request.directory != NULL ? request.directory : "/",
            .account = &request.account,
        };

        verdict = child_run(job, &spec);
    }
    request_clear(&request);
    return verdict;
}

static const errand_operation operations[] = {
    {"shell", "Runs a program with a list of arguments", 0, 0, shell_check, shell_run},
    {"runCommand", "Runs a comma-separated command of the AWS IoT Device Client", 0, 0, shell_check,
     shell_run},
};

ERRAND_PLUGIN("shell", ERRAND_VERSION, operations);
