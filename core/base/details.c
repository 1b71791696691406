#include "details.h"

#include "text.h"

#include <string.h>

typedef struct {
    char *key;
    char *value;
    DetailsOrigin origin;
} DetailsPair;

struct _Details {
    GPtrArray *pairs; /* DetailsPair, in the order they were first set */
};

static void
details_pair_free(gpointer data)
{
    DetailsPair *pair = data;

    g_free(pair->key);
    g_free(pair->value);
    g_free(pair);
}

Details *
details_new(void)
{
    Details *self = g_new0(Details, 1);

    self->pairs = g_ptr_array_new_with_free_func(details_pair_free);
    return self;
}

static void
details_append(Details *self, DetailsOrigin origin, const char *key, const char *value)
{
    DetailsPair *pair = g_new0(DetailsPair, 1);

    pair->key = g_strdup(key);
    pair->value = g_strdup(value);
    pair->origin = origin;
    g_ptr_array_add(self->pairs, pair);
}

Details *
details_copy(const Details *self)
{
    Details *copy = details_new();

    for (guint i = 0; i < self->pairs->len; i++) {
        const DetailsPair *pair = self->pairs->pdata[i];
        details_append(copy, pair->origin, pair->key, pair->value);
    }
    return copy;
}

void
details_free(Details *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->pairs);
    g_free(self);
}

static DetailsPair *
details_find(const Details *self, const char *key, guint *position)
{
    for (guint i = 0; i < self->pairs->len; i++) {
        DetailsPair *pair = self->pairs->pdata[i];
        if (strcmp(pair->key, key) == 0) {
            *position = i;
            return pair;
        }
    }
    return NULL;
}

static guint
details_count(const Details *self, DetailsOrigin origin)
{
    guint count = 0;

    for (guint i = 0; i < self->pairs->len; i++)
        count += ((const DetailsPair *)self->pairs->pdata[i])->origin == origin;
    return count;
}

gboolean
details_set(Details *self, DetailsOrigin origin, const char *key, const char *value)
{
    guint position = 0;

    if (!text_is_name(key, ":_-", DETAILS_KEY_MAX))
        return FALSE;
    DetailsPair *old = details_find(self, key, &position);
    if (old != NULL && old->origin == DETAILS_OWN && origin == DETAILS_PLUGIN)
        return FALSE;

    g_autofree char *fit = text_show(value, -1, DETAILS_VALUE_MAX, FALSE);
    if (*fit == '\0') {
        if (old != NULL)
            g_ptr_array_remove_index(self->pairs, position);
        return TRUE;
    }
    if (old != NULL) {
        g_free(old->value);
        old->value = g_steal_pointer(&fit);
        old->origin = origin;
        return TRUE;
    }
    if (origin == DETAILS_PLUGIN && details_count(self, DETAILS_PLUGIN) >= DETAILS_PLUGIN_PAIRS_MAX)
        return FALSE;
    details_append(self, origin, key, fit);
    return TRUE;
}

void
details_setf(Details *self, const char *key, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *value = g_strdup_vprintf(format, args);
    va_end(args);
    if (!details_set(self, DETAILS_OWN, key, value))
        g_warning("the detail name \"%s\" is not allowed; the detail is left out", key);
}

const char *
details_get(const Details *self, const char *key)
{
    guint position = 0;
    const DetailsPair *pair = key != NULL ? details_find(self, key, &position) : NULL;

    return pair != NULL ? pair->value : NULL;
}

guint
details_size(const Details *self)
{
    return self->pairs->len;
}

void
details_foreach_sent(const Details *self, DetailsFunc func, gpointer user_data)
{
    static const DetailsOrigin order[] = {DETAILS_OWN, DETAILS_PLUGIN};
    guint sent = 0;

    for (guint turn = 0; turn < G_N_ELEMENTS(order); turn++)
        for (guint i = 0; i < self->pairs->len && sent < DETAILS_PAIRS_MAX; i++) {
            const DetailsPair *pair = self->pairs->pdata[i];
            if (pair->origin != order[turn])
                continue;
            func(pair->key, pair->value, pair->origin, user_data);
            sent++;
        }
}

void
details_foreach(const Details *self, DetailsFunc func, gpointer user_data)
{
    for (guint i = 0; i < self->pairs->len; i++) {
        const DetailsPair *pair = self->pairs->pdata[i];
        func(pair->key, pair->value, pair->origin, user_data);
    }
}
