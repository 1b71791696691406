#include "registry.h"

#include "input.h"
#include "vet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX            ".plugin"
#define MANIFEST_SIZE_MAX (64 * 1024) /* bytes; a manifest is a dozen lines */

struct _Registry {
    char **directories;
    char *signature;      /* of all files at the last scan: nothing is read again if it is equal */
    GPtrArray *manifests; /* Manifest, name order; owner */
    GPtrArray *faults;    /* char */
    GHashTable *names;    /* names seen in this scan, masked ones included */
    GHashTable *operations; /* operation -> Manifest */
    GHashTable *keys;       /* top-level key -> Manifest */
};

Registry *
registry_new(const char *const *directories)
{
    Registry *self = g_new0(Registry, 1);

    self->directories = g_strdupv((char **)directories);
    self->manifests = g_ptr_array_new_with_free_func((GDestroyNotify)manifest_free);
    self->faults = g_ptr_array_new_with_free_func(g_free);
    self->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->operations = g_hash_table_new(g_str_hash, g_str_equal);
    self->keys = g_hash_table_new(g_str_hash, g_str_equal);
    return self;
}

void
registry_free(Registry *self)
{
    if (!self) {
        return;
    }
    g_strfreev(self->directories);
    g_free(self->signature);
    g_hash_table_unref(self->operations);
    g_hash_table_unref(self->keys);
    g_hash_table_unref(self->names);
    g_ptr_array_unref(self->manifests);
    g_ptr_array_unref(self->faults);
    g_free(self);
}

static void add_fault(Registry *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
add_fault(Registry *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(self->faults, g_strdup_vprintf(format, args));
    va_end(args);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean
is_manifest_name(const char *name)
{
    return name[0] != '.' && g_str_has_suffix(name, SUFFIX) && strlen(name) > strlen(SUFFIX) &&
           !strstr(name, ".dpkg-");
}

/* File names of the manifests, sorted; NULL when the directory cannot be read. */
static GPtrArray *
list_manifests(const char *directory)
{
    GPtrArray *names;
    const char *entry;
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);

    if (!dir) {
        return NULL;
    }
    names = g_ptr_array_new_with_free_func(g_free);
    while ((entry = g_dir_read_name(dir))) {
        if (is_manifest_name(entry)) {
            g_ptr_array_add(names, g_strdup(entry));
        }
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

static void
sign(GString *signature, const char *path)
{
    struct stat info;

    if (lstat(path, &info) != 0) {
        g_string_append_printf(signature, "%s %d\n", path, errno);
        return;
    }
    g_string_append_printf(signature, "%s %lu %o %u %ld %ld.%09ld\n", path, (gulong)info.st_ino,
                           info.st_mode, info.st_uid, (glong)info.st_size,
                           (glong)info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
}

static char *
make_signature(Registry *self)
{
    g_autoptr(GString) signature = g_string_new(NULL);

    for (gsize d = 0; self->directories[d]; d++) {
        g_autoptr(GPtrArray) names = list_manifests(self->directories[d]);

        sign(signature, self->directories[d]);
        for (guint i = 0; names && i < names->len; i++) {
            g_autofree char *path = g_build_filename(self->directories[d], names->pdata[i], NULL);

            sign(signature, path);
        }
    }
    return g_string_free(g_steal_pointer(&signature), FALSE);
}

static gboolean
is_mask(const char *path)
{
    g_autofree char *target = g_file_read_link(path, NULL);

    return g_strcmp0(target, "/dev/null") == 0;
}

static char *
read_vetted(const char *directory, const char *name, gsize *length, GError **error)
{
    g_autofree char *text = NULL;
    int fd = vet_open(directory, name, error);
    int code;

    if (fd < 0) {
        return NULL;
    }
    text = input_read(fd, MANIFEST_SIZE_MAX, length);
    code = errno;
    close(fd);
    if (!text || *length > MANIFEST_SIZE_MAX) {
        g_set_error(error, VET_ERROR, VET_ERROR_IO, "cannot read %s/%s: %s", directory, name,
                    !text ? g_strerror(code) : "it has more than 64 KiB, which no manifest has");
        return NULL;
    }
    return g_steal_pointer(&text);
}

static void
claim(Registry *self, GHashTable *table, char **words, Manifest *manifest, const char *what)
{
    for (gsize i = 0; words && words[i]; i++) {
        const Manifest *other = g_hash_table_lookup(table, words[i]);

        if (other && other != manifest) {
            add_fault(self, "%s/%s" SUFFIX ": %s %s already belongs to plugin %s in %s",
                      manifest->directory, manifest->name, what, words[i], other->name,
                      other->directory);
        } else {
            g_hash_table_insert(table, words[i], manifest);
        }
    }
}

static void
take_manifest(Registry *self, const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    Manifest *manifest;
    gsize length = 0;

    if (!g_hash_table_add(self->names, g_strdup(name)) || is_mask(path)) {
        return;
    }
    text = read_vetted(directory, name, &length, &error);
    manifest = text ? manifest_parse(name, directory, text, length, &error) : NULL;
    if (!manifest) {
        add_fault(self, "%s: plugin skipped: %s", path, error->message);
        return;
    }
    g_ptr_array_add(self->manifests, manifest);
    claim(self, self->operations, manifest->operations, manifest, "operation");
    claim(self, self->keys, manifest->document_keys, manifest, "document key");
}

static void
scan_directory(Registry *self, const char *directory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = NULL;

    if (!vet_directory(directory, &error)) {
        add_fault(self, "plugin directory skipped: %s", error->message);
        return;
    }
    names = list_manifests(directory);
    for (guint i = 0; names && i < names->len; i++) {
        take_manifest(self, directory, names->pdata[i]);
    }
}

static gint
compare_manifests(gconstpointer a, gconstpointer b)
{
    const Manifest *one = *(const Manifest *const *)a;
    const Manifest *two = *(const Manifest *const *)b;

    return strcmp(one->name, two->name);
}

gboolean
registry_scan(Registry *self)
{
    g_autofree char *signature = make_signature(self);

    if (g_strcmp0(signature, self->signature) == 0) {
        return FALSE;
    }
    g_hash_table_remove_all(self->operations);
    g_hash_table_remove_all(self->keys);
    g_hash_table_remove_all(self->names);
    g_ptr_array_set_size(self->manifests, 0);
    g_ptr_array_set_size(self->faults, 0);
    for (gsize d = 0; self->directories[d]; d++) {
        scan_directory(self, self->directories[d]);
    }
    g_ptr_array_sort(self->manifests, compare_manifests);
    g_free(self->signature);
    self->signature = g_steal_pointer(&signature);
    return TRUE;
}

void
registry_log_faults(Registry *self)
{
    for (guint i = 0; i < self->faults->len; i++) {
        g_warning("%s", (char *)self->faults->pdata[i]);
    }
}

const Manifest *
registry_lookup(Registry *self, const char *operation)
{
    return g_hash_table_lookup(self->operations, operation);
}

const Manifest *
registry_lookup_key(Registry *self, const char *key)
{
    return g_hash_table_lookup(self->keys, key);
}

const Manifest *
registry_by_name(Registry *self, const char *name)
{
    for (guint i = 0; i < self->manifests->len; i++) {
        const Manifest *manifest = self->manifests->pdata[i];

        if (strcmp(manifest->name, name) == 0) {
            return manifest;
        }
    }
    return NULL;
}

GPtrArray *
registry_manifests(Registry *self)
{
    return self->manifests;
}

GPtrArray *
registry_faults(Registry *self)
{
    return self->faults;
}

int
registry_open_module(Registry *self, const Manifest *manifest, GError **error)
{
    int fd = vet_open(manifest->directory, manifest->module, error);

    if (fd < 0) {
        g_prefix_error(error, "plugin %s: ", manifest->name);
    }
    return fd;
}
