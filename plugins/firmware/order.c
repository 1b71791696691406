#include "order.h"

#include "document.h"
#include "expect.h"
#include "setting.h"
#include "version.h"

#include <string.h>

/* "backend", checked by name, before the installer's own settings are looked at. */
static int32_t
read_backend(errand_job *job, Order *order)
{
    const char *named = NULL;
    int32_t verdict = ERRAND_SUCCEEDED;

    if (!order->freertos)
        verdict = document_string(job, "backend", &named);
    if (verdict == ERRAND_SUCCEEDED)
        order->backend = backends_choose(job, named);
    if (order->backend == NULL)
        return ERRAND_REJECTED;
    return order->backend->check(job);
}

static Order
begin(errand_job *job)
{
    return (Order){.fetch = {.plugin = "firmware", .size = -1, .directory = -1},
                   .freertos = strcmp(errand_operation_name(job), "afr_ota") == 0};
}

static int32_t
read_version(errand_job *job, Order *order)
{
    int32_t verdict = document_string(job, "version", &order->version);

    if (verdict != ERRAND_SUCCEEDED || order->version == NULL)
        return verdict;
    if (*order->version == '\0' || strlen(order->version) >= BACKEND_TEXT ||
        strpbrk(order->version, " \t\r\n") != NULL)
        return errand_reject(job, "invalid-document",
                             "\"version\" must be 1 to %d characters without blanks",
                             BACKEND_TEXT - 1);
    return ERRAND_SUCCEEDED;
}

static int32_t
read_native(errand_job *job, Order *order)
{
    static const char *const keys[] = {"operation", "url",     "stream", "file",    "version",
                                       "sha256",    "sha512",  "size",   "backend", "codesign",
                                       "signer",    "timeout", "user",   NULL};
    int32_t verdict = document_check_keys(job, keys);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = expect_read_source(job, &order->fetch);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_version(job, order);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = expect_read(job, &order->fetch);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = signature_read(job, "firmware", "/codesign", "/signer", &order->fetch.signature);
    return verdict;
}

/* The owner's say: streaming, the floor. */
static int32_t
check_policy(errand_job *job, Order *order)
{
    bool streaming = false;
    int32_t verdict = setting_bool(job, "firmware", "streaming", &streaming);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    order->streaming = streaming && order->backend->takes_url && order->fetch.url_pointer != NULL;
    if (streaming && !order->backend->takes_url)
        return errand_reject(job, "internal",
                             "errand.conf: [plugin firmware] streaming: backend %s cannot",
                             order->backend->name);
    if (order->streaming && (order->fetch.hash != NULL || order->fetch.signature != NULL))
        return errand_reject(job, "not-allowed",
                             "errand.conf: [plugin firmware] streaming: the installer fetches the "
                             "image, a checksum or signature in the document cannot be checked");
    if (order->version != NULL)
        return order_check_floor(job, order->version, "the document's version");
    return ERRAND_SUCCEEDED;
}

int32_t
order_check_floor(errand_job *job, const char *version, const char *whose)
{
    const char *floor = setting_text(job, "minimum-version");

    if (floor == NULL || version_compare(version, floor) >= 0)
        return ERRAND_SUCCEEDED;
    return errand_reject(job, "not-allowed",
                         "%s %s is below %s (errand.conf: [plugin firmware] minimum-version)",
                         whose, version, floor);
}

int32_t
order_read(errand_job *job, Order *order)
{
    int64_t timeout;
    int32_t verdict = document_seconds(job, "timeout", 1, &timeout);

    *order = begin(job);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_backend(job, order);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = order->freertos ? order_read_freertos(job, order) : read_native(job, order);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = check_policy(job, order);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = fetch_check(job, &order->fetch);
    return verdict;
}

int32_t
order_resume(errand_job *job, Order *order)
{
    *order = begin(job);
    order->backend = backends_choose(job, NULL);
    if (order->backend == NULL || order->backend->check(job) != ERRAND_SUCCEEDED)
        return ERRAND_FAILED;
    return ERRAND_SUCCEEDED;
}

void
order_clear(Order *order)
{
    signature_free(order->fetch.signature);
    order->fetch.signature = NULL;
}
