#include "keyfile-private.h"
#include "text.h"

#include <string.h>

typedef struct {
    char *group;
    char *key;
    char *raw;
    const char *file; /* interned */
    gboolean taken;
} KeyfileEntry;

typedef struct {
    char *name;
    const char *file; /* where it first appeared; interned */
    gboolean asked;   /* somebody knows this group */
    GString *known;   /* the keys somebody asked for, "a, b" */
} KeyfileGroup;

struct _Keyfile {
    GPtrArray *entries;   /* KeyfileEntry, in file order; owns */
    GHashTable *by_name;  /* KeyfileEntry itself -> itself, hashed by group and key */
    GPtrArray *groups;    /* KeyfileGroup, in file order; owns */
    GHashTable *by_group; /* name -> KeyfileGroup */
    GPtrArray *faults;    /* char * */
    const char *file;     /* the one being read, or the last one; interned, NULL at first */
};

static guint
keyfile_entry_hash(gconstpointer data)
{
    const KeyfileEntry *entry = data;

    return g_str_hash(entry->group) * 31 + g_str_hash(entry->key);
}

static gboolean
keyfile_entry_equal(gconstpointer a, gconstpointer b)
{
    const KeyfileEntry *left = a;
    const KeyfileEntry *right = b;

    return strcmp(left->group, right->group) == 0 && strcmp(left->key, right->key) == 0;
}

static void
keyfile_entry_free(gpointer data)
{
    KeyfileEntry *entry = data;

    g_free(entry->group);
    g_free(entry->key);
    g_free(entry->raw);
    g_free(entry);
}

static void
keyfile_group_free(gpointer data)
{
    KeyfileGroup *group = data;

    g_free(group->name);
    g_string_free(group->known, TRUE);
    g_free(group);
}

Keyfile *
keyfile_new(void)
{
    Keyfile *self = g_new0(Keyfile, 1);

    self->entries = g_ptr_array_new_with_free_func(keyfile_entry_free);
    self->by_name = g_hash_table_new(keyfile_entry_hash, keyfile_entry_equal);
    self->groups = g_ptr_array_new_with_free_func(keyfile_group_free);
    self->by_group = g_hash_table_new(g_str_hash, g_str_equal);
    self->faults = g_ptr_array_new_with_free_func(g_free);
    return self;
}

void
keyfile_free(Keyfile *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->by_name);
    g_hash_table_unref(self->by_group);
    g_ptr_array_unref(self->entries);
    g_ptr_array_unref(self->groups);
    g_ptr_array_unref(self->faults);
    g_free(self);
}

static KeyfileEntry *
keyfile_find(const Keyfile *self, const char *group, const char *key)
{
    KeyfileEntry probe = {.group = (char *)group, .key = (char *)key};

    return g_hash_table_lookup(self->by_name, &probe);
}

static KeyfileGroup *
keyfile_find_group(const Keyfile *self, const char *group)
{
    return g_hash_table_lookup(self->by_group, group);
}

static void
keyfile_ask_group(const Keyfile *self, const char *group)
{
    KeyfileGroup *found = keyfile_find_group(self, group);

    if (found != NULL)
        found->asked = TRUE;
}

void
keyfile_store_file(Keyfile *self, const char *file)
{
    self->file = g_intern_string(file);
}

void
keyfile_store_group(Keyfile *self, const char *group)
{
    if (keyfile_find_group(self, group) != NULL)
        return;
    KeyfileGroup *added = g_new0(KeyfileGroup, 1);
    added->known = g_string_new(NULL);
    added->name = g_strdup(group);
    added->file = self->file;
    g_ptr_array_add(self->groups, added);
    g_hash_table_insert(self->by_group, added->name, added);
}

void
keyfile_store_value(Keyfile *self, const char *group, const char *key, const char *raw)
{
    KeyfileEntry *entry = keyfile_find(self, group, key);

    if (entry == NULL) {
        entry = g_new0(KeyfileEntry, 1);
        entry->group = g_strdup(group);
        entry->key = g_strdup(key);
        g_ptr_array_add(self->entries, entry);
        g_hash_table_add(self->by_name, entry);
    }
    g_free(entry->raw);
    entry->raw = g_strdup(raw);
    entry->file = self->file;
    entry->taken = FALSE;
}

/* One line, whatever a name or a value with escapes has in it. */
static void
keyfile_add_fault(Keyfile *self, const char *text)
{
    g_ptr_array_add(self->faults, text_show(text, -1, G_MAXSIZE, FALSE));
}

void
keyfile_store_fault(Keyfile *self, guint line, const char *text)
{
    g_autofree char *place = line > 0 ? g_strdup_printf(" line %u:", line) : g_strdup("");
    g_autofree char *fault = g_strdup_printf("%s:%s %s", self->file, place, text);

    keyfile_add_fault(self, fault);
}

/* The file a key came from, else the one its group came from, else the last one read. */
static const char *
keyfile_blame(const Keyfile *self, const char *group, const char *key)
{
    const KeyfileEntry *entry =
        group != NULL && key != NULL ? keyfile_find(self, group, key) : NULL;
    const KeyfileGroup *found = group != NULL ? keyfile_find_group(self, group) : NULL;
    const char *file = entry != NULL ? entry->file : found != NULL ? found->file : self->file;

    return file != NULL ? file : "configuration";
}

void
keyfile_fault(Keyfile *self, const char *group, const char *key, const char *format, ...)
{
    const char *file = keyfile_blame(self, group, key);
    g_autoptr(GString) fault = g_string_new(file);
    va_list args;

    g_string_append_c(fault, ':');
    if (group != NULL)
        g_string_append_printf(fault, key != NULL ? " [%s] %s:" : " [%s]:", group, key);
    g_string_append_c(fault, ' ');
    va_start(args, format);
    g_string_append_vprintf(fault, format, args);
    va_end(args);
    keyfile_add_fault(self, fault->str);
}

gboolean
keyfile_has_key(const Keyfile *self, const char *group, const char *key)
{
    const KeyfileEntry *entry = keyfile_find(self, group, key);

    return entry != NULL && !entry->taken;
}

char **
keyfile_groups(const Keyfile *self, const char *prefix)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (guint i = 0; i < self->groups->len; i++) {
        const KeyfileGroup *group = self->groups->pdata[i];
        if (g_str_has_prefix(group->name, prefix))
            g_strv_builder_add(names, group->name);
    }
    return g_strv_builder_end(names);
}

char **
keyfile_keys(const Keyfile *self, const char *group)
{
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();

    keyfile_ask_group(self, group);
    for (guint i = 0; i < self->entries->len; i++) {
        const KeyfileEntry *entry = self->entries->pdata[i];
        if (strcmp(entry->group, group) == 0 && !entry->taken)
            g_strv_builder_add(keys, entry->key);
    }
    return g_strv_builder_end(keys);
}

const char *
keyfile_take(Keyfile *self, const char *group, const char *key)
{
    KeyfileEntry *entry = keyfile_find(self, group, key);
    KeyfileGroup *found = keyfile_find_group(self, group);

    keyfile_ask_group(self, group);
    if (found != NULL)
        g_string_append_printf(found->known, "%s%s", found->known->len > 0 ? ", " : "", key);
    if (entry == NULL || entry->taken)
        return NULL;
    entry->taken = TRUE;
    return entry->raw;
}

void
keyfile_finish(Keyfile *self, const char *known_groups)
{
    for (guint i = 0; i < self->groups->len; i++) {
        const KeyfileGroup *group = self->groups->pdata[i];
        if (!group->asked)
            keyfile_fault(self, group->name, NULL, "unknown group, allowed are %s", known_groups);
    }
    for (guint i = 0; i < self->entries->len; i++) {
        const KeyfileEntry *entry = self->entries->pdata[i];
        const KeyfileGroup *group = keyfile_find_group(self, entry->group);

        if (!entry->taken && group->asked)
            keyfile_fault(self, entry->group, entry->key, "unknown key%s%s",
                          group->known->len > 0 ? ", allowed are " : "", group->known->str);
    }
}

GPtrArray *
keyfile_faults(Keyfile *self)
{
    return self->faults;
}
