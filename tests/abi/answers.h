/* Asks every host function for an answer that the test knows; included by plugins built against
 * different headers. The test's document: {"text":"t","int":-7,"yes":true,"list":["a",{"b":1}],
 * "none":null,"half":0.5,"a/b":{"~":"tilde"},"token":"old"}, settings one=1 and list=a;b\;c; */
#pragma once

#include <string.h>

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return errand_fail(job, "wrong-answer", "%s", #condition);                             \
    } while (0)

static int
same(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}

static int32_t
answers_document(errand_job *job)
{
    int64_t number = 0;
    int32_t yes = 0;
    size_t length = 0;
    const char *text = errand_document(job, &length);

    MUST(text != NULL && strlen(text) == length && text[0] == '{');
    MUST(same(errand_get_string(job, "/text"), "t") && errand_get_string(job, "/int") == NULL);
    MUST(same(errand_get_string(job, "/a~1b/~0"), "tilde"));
    MUST(errand_get_string(job, "/a~2b") == NULL && errand_get_string(job, "text") == NULL);
    MUST(errand_get_int(job, "/int", &number) == 0 && number == -7);
    MUST(errand_get_int(job, "/text", &number) < 0 && errand_get_int(job, "/x", &number) < 0);
    MUST(errand_get_bool(job, "/yes", &yes) == 0 && yes == 1);
    MUST(errand_get_length(job, "/list") == 2 && errand_get_length(job, "") == 8);
    MUST(errand_get_length(job, "/text") < 0);
    MUST(errand_get_int(job, "/list/1/b", &number) == 0 && number == 1);
    MUST(errand_get_type(job, "/list/2") == ERRAND_TYPE_NONE);
    MUST(errand_get_type(job, "/list/00") == ERRAND_TYPE_NONE);
    MUST(errand_get_type(job, "/list/-") == ERRAND_TYPE_NONE);
    MUST(errand_get_type(job, "/none") == ERRAND_TYPE_NULL);
    MUST(errand_get_type(job, "/half") == ERRAND_TYPE_NUMBER);
    MUST(errand_get_type(job, "/yes") == ERRAND_TYPE_BOOL);
    MUST(errand_get_type(job, "") == ERRAND_TYPE_OBJECT);
    MUST(same(errand_get_key(job, "", 0), "text") && same(errand_get_key(job, "/a~1b", 0), "~"));
    MUST(errand_get_key(job, "", 8) == NULL && errand_get_key(job, "", -1) == NULL);
    MUST(errand_get_key(job, "/list", 0) == NULL);
    return ERRAND_SUCCEEDED;
}

static int32_t
answers_place(errand_job *job)
{
    MUST(errand_start(job) == ERRAND_START_REBOOTED);
    MUST(same(errand_job_id(job), "job-1") && same(errand_step(job), "Step one"));
    MUST(same(errand_user(job), "somebody"));
    MUST(same(errand_setting(job, "one"), "1") && errand_setting(job, "two") == NULL);
    MUST(same(errand_setting_item(job, "list", 0), "a"));
    MUST(same(errand_setting_item(job, "list", 1), "b;c"));
    MUST(errand_setting_item(job, "list", 2) == NULL);
    MUST(errand_setting_item(job, "list", -1) == NULL);
    MUST(errand_private_directory(job) != NULL);
    return ERRAND_SUCCEEDED;
}

static int32_t
answers_telling(errand_job *job)
{
    size_t length = 0;
    const char *old_token = errand_get_string(job, "/token");
    const char *old_state = errand_load_state(job, &length);

    MUST(old_state != NULL && length == 3 && memcmp(old_state, "one", 3) == 0);
    errand_log(job, ERRAND_LOG_WARNING, "a line");
    MUST(errand_progress(job, 50, "half") == 0 && errand_detail(job, "key", "value") == 0);
    MUST(errand_critical(job, 1) == 0 && errand_critical(job, 1) == 0);
    MUST(errand_critical(job, 0) == 0 && errand_critical(job, 0) == 0);
    MUST(errand_cancelled(job) == 0 && errand_cancel_fd(job) >= 0);
    MUST(errand_save_state(job, "three", 5) == 0);
    MUST(memcmp(errand_load_state(job, &length), "three", 5) == 0 && length == 5);
    MUST(memcmp(old_state, "one", 3) == 0);
    MUST(errand_refresh_document(job) == 0);
    MUST(same(errand_get_string(job, "/token"), "new") && same(old_token, "old"));
    return ERRAND_SUCCEEDED;
}

static int32_t
answers(errand_job *job)
{
    int32_t result = answers_document(job);

    if (result == ERRAND_SUCCEEDED)
        result = answers_place(job);
    return result == ERRAND_SUCCEEDED ? answers_telling(job) : result;
}
