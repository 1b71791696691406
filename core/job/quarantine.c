#include "quarantine.h"

typedef struct {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
} ModuleStamp;

typedef struct {
    ModuleStamp module; /* that was started last */
    guint crashes;      /* in a row */
    gint64 crashed_us;  /* the last time */
} Ward;

struct _Quarantine {
    gint64 cool_down_us;
    GHashTable *wards; /* plugin name -> Ward */
};

G_DEFINE_QUARK(errand - quarantine - error - quark, quarantine_error)

Quarantine *
quarantine_new(gint64 cool_down_ms)
{
    Quarantine *self = g_new0(Quarantine, 1);

    self->cool_down_us = cool_down_ms * 1000;
    self->wards = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return self;
}

void
quarantine_free(Quarantine *self)
{
    if (!self) {
        return;
    }
    g_hash_table_unref(self->wards);
    g_free(self);
}

static gboolean
is_same_module(const ModuleStamp *stamp, const struct stat *module)
{
    return stamp->device == module->st_dev && stamp->inode == module->st_ino &&
           stamp->size == module->st_size && stamp->changed.tv_sec == module->st_mtim.tv_sec &&
           stamp->changed.tv_nsec == module->st_mtim.tv_nsec;
}

static void
take_module(Ward *ward, const struct stat *module)
{
    ward->module = (ModuleStamp){module->st_dev, module->st_ino, module->st_size, module->st_mtim};
    ward->crashes = 0;
}

static Ward *
ward_of(Quarantine *self, const char *plugin)
{
    Ward *ward = g_hash_table_lookup(self->wards, plugin);

    if (!ward) {
        ward = g_new0(Ward, 1);
        g_hash_table_insert(self->wards, g_strdup(plugin), ward);
    }
    return ward;
}

gboolean
quarantine_admit(Quarantine *self, const char *plugin, const struct stat *module, gint64 now_us,
                 GError **error)
{
    Ward *ward = ward_of(self, plugin);

    if (!is_same_module(&ward->module, module)) {
        take_module(ward, module);
    }
    if (ward->crashes < QUARANTINE_CRASHES || now_us - ward->crashed_us >= self->cool_down_us) {
        return TRUE;
    }
    g_set_error(
        error, QUARANTINE_ERROR, QUARANTINE_ERROR_HELD,
        "plugin %s crashed %u times in a row and was not started: install a repaired "
        "module, restart errandd, or wait until %d minutes have passed since its last crash",
        plugin, ward->crashes, QUARANTINE_COOL_DOWN_MS / 60000);
    return FALSE;
}

gboolean
quarantine_ended(Quarantine *self, const char *plugin, const Verdict *verdict, gint64 now_us)
{
    Ward *ward = ward_of(self, plugin);

    if (verdict->end == VERDICT_END_SAID) {
        ward->crashes = 0;
    }
    if (verdict->end != VERDICT_END_CRASHED) {
        return FALSE;
    }
    ward->crashes++;
    ward->crashed_us = now_us;
    return ward->crashes >= QUARANTINE_CRASHES;
}
