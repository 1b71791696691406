#include "fault.h"

#include "text.h"

/* UTF-16 units of document text in a message: enough to recognise it, and the message still fits
 * statusDetails. */
#define QUOTE_MAX 80
#define PLACE_MAX 200

void
fault_set(GError **error, PlanError code, const char *place, const char *format, ...)
{
    g_autofree char *message = NULL;
    g_autofree char *where = NULL;
    va_list args;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    if (*place == '\0') {
        g_set_error(error, PLAN_ERROR, (int)code, "job document: %s", message);
        return;
    }
    where = text_show(place, -1, PLACE_MAX, TRUE);
    g_set_error(error, PLAN_ERROR, (int)code, "job document at %s: %s", where, message);
}

char *
fault_quote(const char *value)
{
    g_autofree char *clean = text_show(value, -1, QUOTE_MAX, FALSE);

    return g_strdup_printf("\"%s\"", clean);
}
