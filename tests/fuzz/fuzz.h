/* What the fuzz targets share. A target is one function: any bytes go in, promises of a header are
 * asserted. fuzz-NAME runs it under libFuzzer, replay-NAME over the corpus as a unit test. */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <string.h>

/* Promises are kept or the process ends (g_assert). Returns 0, as libFuzzer wants. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes up to the first NUL as a string of exactly that size, so that the sanitizer sees a read
 * past its end. Caller frees. */
static inline char *
fuzz_string(const uint8_t *data, size_t size)
{
    return g_strndup(size > 0 ? (const char *)data : "", size);
}

static inline void
fuzz_drop_message(const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
    (void)domain, (void)level, (void)message, (void)user_data;
}

/* Warnings about bad input are expected a million times; a critical is a finding. */
static inline void
fuzz_set_up_log(void)
{
    g_log_set_always_fatal((GLogLevelFlags)(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL));
    g_log_set_default_handler(fuzz_drop_message, NULL);
}

/* An error is there exactly when the result is not, and can be shown. */
static inline void
fuzz_check_error(gboolean success, const GError *error)
{
    g_assert_true(success == (error == NULL));
    if (error != NULL) {
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        g_assert_cmpuint(strlen(error->message), >, 0);
    }
}
