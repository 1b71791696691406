/* Documents of FreeRTOS OTA updates: {"afr_ota":{"protocols":[...],"files":[{...}]}}. Members that
 * are null are as good as absent. */
#include "order.h"

#include "document.h"

#include <stdio.h>
#include <string.h>

#define FILE_POINTER "/afr_ota/files/0"

/* *mqtt and *http: what the document offers. */
static int32_t
read_protocols(errand_job *job, bool *mqtt, bool *http)
{
    int32_t count = errand_get_length(job, "/afr_ota/protocols");
    char pointer[64];

    if (errand_get_type(job, "/afr_ota/protocols") != ERRAND_TYPE_ARRAY)
        return errand_reject(job, "invalid-document", "\"protocols\" must be a list");
    for (int32_t i = 0; i < count; i++) {
        const char *name;

        snprintf(pointer, sizeof pointer, "/afr_ota/protocols/%d", (int)i);
        name = errand_get_string(job, pointer);
        *mqtt = *mqtt || (name != NULL && strcmp(name, "MQTT") == 0);
        *http = *http || (name != NULL && strcmp(name, "HTTP") == 0);
    }
    if (!*mqtt && !*http)
        return errand_reject(job, "invalid-document",
                             "\"protocols\" must have \"MQTT\" or \"HTTP\" in it");
    return ERRAND_SUCCEEDED;
}

static const char *
text_at(errand_job *job, const char *pointer)
{
    const char *text = errand_get_string(job, pointer);

    return text != NULL && *text != '\0' ? text : NULL;
}

/* HTTP first: it moves more bytes for less money. */
static int32_t
read_transport(errand_job *job, Order *order)
{
    bool mqtt = false, http = false;
    int64_t file = -1;
    int32_t verdict = read_protocols(job, &mqtt, &http);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (http && text_at(job, FILE_POINTER "/update_data_url") != NULL) {
        order->fetch.url_pointer = FILE_POINTER "/update_data_url";
        return ERRAND_SUCCEEDED;
    }
    if (!mqtt)
        return errand_reject(job, "invalid-document",
                             "protocol HTTP needs \"update_data_url\", a string");
    order->fetch.stream = text_at(job, "/afr_ota/streamname");
    if (order->fetch.stream == NULL)
        return errand_reject(job, "invalid-document", "protocol MQTT needs \"streamname\"");
    if (errand_get_int(job, FILE_POINTER "/fileid", &file) != 0 || file < 0 || file > 255)
        return errand_reject(job, "invalid-document",
                             "protocol MQTT needs \"fileid\", a number from 0 to 255");
    order->fetch.stream_file = (int32_t)file;
    return ERRAND_SUCCEEDED;
}

/* An image without a signature of this kind may have one of its installer's. */
static int32_t
read_signature(errand_job *job, Order *order)
{
    const char *pointer = FILE_POINTER "/sig-", *key;

    for (int32_t i = 0; (key = errand_get_key(job, FILE_POINTER, i)) != NULL; i++) {
        if (strncmp(key, "sig-", strlen("sig-")) == 0)
            pointer = FILE_POINTER;
    }
    return signature_read(job, "firmware", pointer, FILE_POINTER "/certfile",
                          &order->fetch.signature);
}

/* What means something to other devices, and nothing here. */
static void
tell_ignored(errand_job *job)
{
    const char *path = errand_get_string(job, FILE_POINTER "/filepath");
    char text[256];
    int64_t type;

    if (path != NULL) {
        snprintf(text, sizeof text, "\"filepath\" %.128s is ignored: the image goes to a slot",
                 path);
        errand_log(job, ERRAND_LOG_INFO, text);
    }
    if (errand_get_int(job, FILE_POINTER "/fileType", &type) == 0) {
        snprintf(text, sizeof text, "\"fileType\" %lld is ignored", (long long)type);
        errand_log(job, ERRAND_LOG_INFO, text);
    }
}

int32_t
order_read_freertos(errand_job *job, Order *order)
{
    static const char *const keys[] = {"operation", "afr_ota", "timeout", "user", "_comment", NULL};
    int32_t verdict = document_check_keys(job, keys);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (errand_get_type(job, "/afr_ota/files") != ERRAND_TYPE_ARRAY ||
        errand_get_length(job, "/afr_ota/files") != 1 ||
        errand_get_type(job, FILE_POINTER) != ERRAND_TYPE_OBJECT)
        return errand_reject(job, "invalid-document",
                             "\"files\" must be a list of exactly one file");
    if (errand_get_int(job, FILE_POINTER "/filesize", &order->fetch.size) != 0 ||
        order->fetch.size <= 0)
        return errand_reject(job, "invalid-document",
                             "\"filesize\" must be a number of bytes, 1 or more");
    verdict = read_transport(job, order);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_signature(job, order);
    if (verdict == ERRAND_SUCCEEDED)
        tell_ignored(job);
    return verdict;
}
