#include "source.h"

#include "setting.h"

#include <curl/curl.h>
#include <string.h>

static const char *const any[] = {"*", NULL};

/* A URL taken apart. */
typedef struct {
    CURLU *handle;
    char *scheme, *host, *port, *path, *user;
} Parts;

static void
parts_clear(Parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->port);
    curl_free(parts->path);
    curl_free(parts->user);
    curl_url_cleanup(parts->handle);
}

static bool
parts_read(Parts *parts, const char *url)
{
    *parts = (Parts){.handle = curl_url()};
    if (parts->handle == NULL ||
        curl_url_set(parts->handle, CURLUPART_URL, url,
                     CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS) != CURLUE_OK)
        return false;
    curl_url_get(parts->handle, CURLUPART_USER, &parts->user, 0);
    return curl_url_get(parts->handle, CURLUPART_SCHEME, &parts->scheme, 0) == CURLUE_OK &&
           curl_url_get(parts->handle, CURLUPART_HOST, &parts->host, 0) == CURLUE_OK &&
           curl_url_get(parts->handle, CURLUPART_PORT, &parts->port, CURLU_DEFAULT_PORT) ==
               CURLUE_OK &&
           curl_url_get(parts->handle, CURLUPART_PATH, &parts->path, 0) == CURLUE_OK;
}

/* "host", "host:port" or "*.domain" (which the domain itself is not). */
static bool
host_matches(const char *item, const Parts *parts)
{
    size_t length = strlen(parts->host), item_length = strlen(item);
    const char *port = strrchr(item, ':');

    if (port != NULL && port[1] != '\0' && strspn(port + 1, "0123456789") == strlen(port + 1)) {
        if (strcmp(port + 1, parts->port) != 0)
            return false;
        item_length = (size_t)(port - item);
    }
    if (item_length > 2 && strncmp(item, "*.", 2) == 0) {
        item_length--;
        return length > item_length &&
               strncasecmp(parts->host + length - item_length, item + 1, item_length) == 0;
    }
    return length == item_length && strncasecmp(item, parts->host, length) == 0;
}

static bool
host_is_allowed(errand_job *job, const Parts *parts)
{
    const char *item;

    for (int32_t i = 0; (item = setting_list_item(job, "hosts", any, i)) != NULL; i++) {
        if (strcmp(item, "*") == 0 || host_matches(item, parts))
            return true;
    }
    return false;
}

static int32_t
parts_check(errand_job *job, const SourceUse *use, const Parts *parts, Source *source)
{
    bool allow_http = false;
    int32_t verdict = setting_bool(job, use->plugin, "allow-http", &allow_http);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (parts->user != NULL)
        return errand_reject(job, use->fault, "%s: a user in front of the host is not supported",
                             use->what);
    source->secure = strcmp(parts->scheme, "https") == 0;
    if (!source->secure && strcmp(parts->scheme, "http") != 0)
        return errand_reject(job, "not-allowed", "%s: only https is supported, not \"%.32s\"",
                             use->what, parts->scheme);
    snprintf(source->name, sizeof source->name, "%s://%s%s", parts->scheme, parts->host,
             parts->path);
    if (!source->secure && !allow_http)
        return errand_reject(job, "not-allowed",
                             "%s: http is off (errand.conf: [plugin %s] allow-http)", source->name,
                             use->plugin);
    if (!host_is_allowed(job, parts))
        return errand_reject(job, "not-allowed",
                             "%s: errand.conf: [plugin %s] hosts does not list \"%s\"", use->what,
                             use->plugin, parts->host);
    return ERRAND_SUCCEEDED;
}

int32_t
source_check(errand_job *job, const SourceUse *use, const char *url, Source *source)
{
    Parts parts;
    int32_t verdict;

    *source = (Source){.secure = false};
    if (parts_read(&parts, url))
        verdict = parts_check(job, use, &parts, source);
    else
        verdict = errand_reject(job, use->fault, "%s is not a URL", use->what);
    parts_clear(&parts);
    return verdict;
}

int32_t
source_read(errand_job *job, const char *plugin, const char *pointer, const char **url,
            Source *source)
{
    int32_t type = errand_get_type(job, pointer);
    char what[128];
    SourceUse use = {plugin, what, "invalid-document"};

    snprintf(what, sizeof what, "\"%s\"", pointer + 1);
    *url = errand_get_string(job, pointer);
    if (type == ERRAND_TYPE_NONE || type == ERRAND_TYPE_NULL)
        return errand_reject(job, "invalid-document", "%s, the file's URL, is missing", what);
    if (*url == NULL || **url == '\0')
        return errand_reject(job, "invalid-document", "%s must be a URL", what);
    return source_check(job, &use, *url, source);
}

bool
source_file_name(const char *url, char name[NAME_MAX + 1])
{
    Parts parts;
    char *text = NULL;
    int length = 0;
    bool good;

    if (parts_read(&parts, url))
        text = curl_easy_unescape(NULL, strrchr(parts.path, '/') + 1, 0, &length);
    good = text != NULL && length > 0 && length <= NAME_MAX && strlen(text) == (size_t)length &&
           strchr(text, '/') == NULL && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
    if (good)
        memcpy(name, text, (size_t)length + 1);
    curl_free(text);
    parts_clear(&parts);
    return good;
}
