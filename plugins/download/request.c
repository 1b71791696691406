#include "request.h"

#include "account.h"
#include "document.h"
#include "expect.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int32_t
read_mode(errand_job *job, Request *request)
{
    const char *text;
    char *end = NULL;
    unsigned long mode;
    int32_t verdict = document_string(job, "mode", &text);

    if (verdict != ERRAND_SUCCEEDED || text == NULL)
        return verdict;
    mode = strtoul(text, &end, 8);
    if (*text < '0' || *text > '7' || *end != '\0' || mode > 0777)
        return errand_reject(job, "invalid-document",
                             "\"mode\" must be a string of octal digits up to \"0777\"");
    request->mode = (mode_t)mode;
    return ERRAND_SUCCEEDED;
}

static int32_t
set_group(errand_job *job, const char *name, Request *request)
{
    char buffer[16 * 1024];
    struct group entry, *found = NULL;

    if (getgrnam_r(name, &entry, buffer, sizeof buffer, &found) != 0 || found == NULL)
        return errand_reject(job, "not-found", "there is no group \"%s\" on this machine", name);
    request->group = found->gr_gid;
    return ERRAND_SUCCEEDED;
}

/* "owner": "user[:group]"; without it the step's user, for whom the Device Client's download runs.
 */
static int32_t
read_owner(errand_job *job, Request *request)
{
    char name[256] = "";
    const char *text, *group;
    Account account;
    int32_t verdict = document_string(job, "owner", &text);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (text == NULL || *text == '\0')
        text = errand_user(job);
    if (text == NULL || *text == '\0')
        return ERRAND_SUCCEEDED;
    group = strchr(text, ':');
    snprintf(name, sizeof name, "%.*s", group != NULL ? (int)(group - text) : 255, text);
    if (account_find(name, &account) != 0)
        return errand_reject(job, "not-found", "there is no account \"%s\" on this machine", name);
    request->owner = account.uid;
    request->group = account.gid;
    account_clear(&account);
    if (geteuid() != 0 && request->owner != geteuid())
        return errand_reject(job, "not-allowed",
                             "errand does not run as root and cannot give a file to \"%s\"", name);
    return group != NULL ? set_group(job, group + 1, request) : ERRAND_SUCCEEDED;
}

static int32_t
read_keys(errand_job *job)
{
    static const char *const keys[] = {"operation", "url",      "stream", "file",    "path",
                                       "sha256",    "sha512",   "size",   "mode",    "owner",
                                       "user",      "codesign", "signer", "timeout", NULL};
    int64_t timeout;
    int32_t verdict = document_check_keys(job, keys);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = document_seconds(job, "timeout", 1, &timeout);
    return verdict;
}

static int32_t
read_file(errand_job *job, Request *request)
{
    int32_t verdict = expect_read(job, &request->fetch);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_mode(job, request);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_owner(job, request);
    return verdict;
}

/* "url", or "stream" with "file". */
static int32_t
read_source(errand_job *job, Request *request)
{
    bool has_file = errand_get_type(job, "/file") > ERRAND_TYPE_NULL;
    int64_t file = -1;
    int32_t verdict = document_string(job, "stream", &request->fetch.stream);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (request->fetch.stream == NULL && !has_file)
        return document_required_string(job, "url", &request->url);
    if (request->fetch.stream == NULL || !has_file)
        return errand_reject(job, "invalid-document", "give \"stream\" and \"file\" together");
    if (errand_get_type(job, "/url") > ERRAND_TYPE_NULL)
        return errand_reject(job, "invalid-document", "give \"url\" or \"stream\", not both");
    if (errand_get_int(job, "/file", &file) != 0 || file < 0 || file > 255)
        return errand_reject(job, "invalid-document", "\"file\" must be a number from 0 to 255");
    request->fetch.stream_file = (int32_t)file;
    request->fetch.url_pointer = NULL;
    return ERRAND_SUCCEEDED;
}

int32_t
request_read(errand_job *job, Request *request)
{
    int32_t verdict;

    *request = (Request){.fetch = {.plugin = "download", .url_pointer = "/url", .size = -1},
                         .mode = 0644,
                         .owner = (uid_t)-1,
                         .group = (gid_t)-1};
    verdict = read_keys(job);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_source(job, request);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = document_required_string(job, "path", &request->path);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_file(job, request);
    if (verdict == ERRAND_SUCCEEDED)
        verdict =
            signature_read(job, "download", "/codesign", "/signer", &request->fetch.signature);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = fetch_check(job, &request->fetch);
    if (verdict != ERRAND_SUCCEEDED)
        request_clear(request);
    return verdict;
}

void
request_clear(Request *request)
{
    signature_free(request->fetch.signature);
    request->fetch.signature = NULL;
}
