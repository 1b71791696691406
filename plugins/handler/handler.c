/* Operation runHandler: an executable of the owner's, named by the document. */
#include "child.h"
#include "document.h"
#include "find.h"
#include "setting.h"

#include <string.h>

typedef struct {
    char path[PATH_MAX];
    Words argv;
    Words environment;
    Account account;
} Request;

static void
request_clear(Request *request)
{
    words_clear(&request->argv);
    words_clear(&request->environment);
    account_clear(&request->account);
}

/* The document's user is handed to the handler, which decides what to do with it; but an account
 * that does not exist, or that nobody would hear of, is refused rather than dropped. */
static int32_t
read_user(errand_job *job, Request *request)
{
    const char *user = errand_user(job);
    bool pass = true;
    Account account;
    int32_t verdict = setting_bool(job, "handler", "user-argument", &pass);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (user == NULL)
        user = "";
    if (*user != '\0' && strcmp(user, request->account.name) != 0) {
        if (!pass)
            return errand_reject(job, "not-allowed",
                                 "handlers run as \"%s\" here and are not told of \"%s\" "
                                 "(errand.conf: [plugin handler] user-argument=false): leave the "
                                 "user out",
                                 request->account.name, user);
        if (account_find(user, &account) != 0)
            return errand_reject(job, "not-found", "there is no account \"%s\" on this machine",
                                 user);
        account_clear(&account);
    }
    if (pass)
        words_add(&request->argv, user);
    return ERRAND_SUCCEEDED;
}

static int32_t
read_arguments(errand_job *job, Words *argv)
{
    int32_t type = errand_get_type(job, "/args");

    if (type == ERRAND_TYPE_NONE || type == ERRAND_TYPE_NULL)
        return ERRAND_SUCCEEDED;
    return document_words(job, "args", argv);
}

static int32_t
request_read(errand_job *job, bool running, Request *request)
{
    AccountChoice choice = {"handler", NULL, NULL, "root", !running};
    const char *name, *place;
    int32_t verdict = document_required_string(job, "handler", &name);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = document_string(job, "path", &place);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = find_handler(job, running, name, place, request->path);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = account_choose(job, &choice, &request->account);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    words_add(&request->argv, request->path);
    verdict = read_user(job, request);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_arguments(job, &request->argv);
    child_environment(job, &request->account, &request->environment);
    if (verdict == ERRAND_SUCCEEDED &&
        (!words_ok(&request->argv) || !words_ok(&request->environment)))
        return errand_reject(job, "internal", "reading the document: out of memory");
    return verdict;
}

static int32_t
handler_check(errand_job *job)
{
    Request request = {.path = ""};
    int32_t verdict = request_read(job, false, &request);

    request_clear(&request);
    return verdict;
}

/* Looks again rather than trusting what check() saw. By path and not by descriptor, because an
 * interpreter opens its script by name; only root and errand can write where it lies. */
static int32_t
handler_run(errand_job *job)
{
    Request request = {.path = ""};
    int32_t verdict = request_read(job, true, &request);

    if (verdict == ERRAND_SUCCEEDED) {
        ChildSpec spec = {request.path, request.argv.items, request.environment.items, "/",
                          &request.account};

        verdict = child_run(job, &spec);
    }
    request_clear(&request);
    return verdict;
}

static const errand_operation operations[] = {
    {"runHandler", "Runs a handler from the gateway's handler directories", 0, 0, handler_check,
     handler_run},
};

ERRAND_PLUGIN("handler", ERRAND_VERSION, operations);
