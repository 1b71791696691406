#include "durable.h"
#include "registry.h"
#include "vet.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *root;
    char *first;
    char *second;
    Registry *registry;
} World;

static void
write_at(const char *directory, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0644), ==, 0);
}

static void
plugin_at(const char *directory, const char *name, const char *operations)
{
    g_autofree char *file = g_strconcat(name, ".plugin", NULL);
    g_autofree char *module = g_strconcat(name, ".so", NULL);
    g_autofree char *text = g_strdup_printf("[plugin]\nname=%s\nmodule=%s\nabi=1\noperations=%s\n",
                                            name, module, operations);

    write_at(directory, file, text);
    write_at(directory, module,
             "\x7f"
             "ELF");
}

static void
set_up(World *world, gconstpointer data)
{
    const char *directories[3] = {NULL};

    world->root = g_dir_make_tmp("errand-registry-XXXXXX", NULL);
    world->first = g_build_filename(world->root, "first", NULL);
    world->second = g_build_filename(world->root, "second", NULL);
    g_assert_cmpint(g_mkdir(world->first, 0755), ==, 0);
    g_assert_cmpint(g_mkdir(world->second, 0755), ==, 0);
    directories[0] = world->first;
    directories[1] = world->second;
    world->registry = registry_new(directories);
}

static void
tear_down(World *world, gconstpointer data)
{
    registry_free(world->registry);
    g_assert_true(durable_remove_tree(world->root, NULL));
    g_free(world->first);
    g_free(world->second);
    g_free(world->root);
}

static void
scan_expecting(World *world, guint faults)
{
    registry_scan(world->registry);
    g_assert_cmpuint(registry_faults(world->registry)->len, ==, faults);
    for (guint i = 0; i < faults; i++) {
        g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*");
    }
    registry_log_faults(world->registry);
    g_test_assert_expected_messages();
    g_assert_false(registry_scan(world->registry));
}

static char *
manifest_path(World *world, const char *name)
{
    return g_build_filename(world->first, name, NULL);
}

static void
test_lookup(World *world, gconstpointer data)
{
    plugin_at(world->first, "a", "one;two\ndocument-keys=key");
    plugin_at(world->second, "b", "three");
    scan_expecting(world, 0);
    g_assert_cmpuint(registry_manifests(world->registry)->len, ==, 2);
    g_assert_cmpstr(registry_lookup(world->registry, "two")->name, ==, "a");
    g_assert_cmpstr(registry_lookup(world->registry, "three")->name, ==, "b");
    g_assert_cmpstr(registry_lookup_key(world->registry, "key")->name, ==, "a");
    g_assert_cmpstr(registry_by_name(world->registry, "b")->name, ==, "b");
    g_assert_null(registry_lookup(world->registry, "four"));
    g_assert_null(registry_lookup_key(world->registry, "one"));
    g_assert_null(registry_by_name(world->registry, "c"));
}

static void
test_first_directory_wins(World *world, gconstpointer data)
{
    plugin_at(world->first, "a", "mine");
    plugin_at(world->second, "a", "theirs");
    scan_expecting(world, 0);
    g_assert_nonnull(registry_lookup(world->registry, "mine"));
    g_assert_null(registry_lookup(world->registry, "theirs"));
}

static void
test_mask(World *world, gconstpointer data)
{
    g_autofree char *path = manifest_path(world, "a.plugin");

    g_assert_cmpint(symlink("/dev/null", path), ==, 0);
    plugin_at(world->second, "a", "one");
    scan_expecting(world, 0);
    g_assert_null(registry_lookup(world->registry, "one"));
}

static void
test_operation_claimed_twice(World *world, gconstpointer data)
{
    plugin_at(world->first, "b", "one");
    plugin_at(world->second, "a", "one;two");
    scan_expecting(world, 1);
    g_assert_cmpstr(registry_lookup(world->registry, "one")->name, ==, "b");
    g_assert_cmpstr(registry_lookup(world->registry, "two")->name, ==, "a");
}

static void
test_skipped_names(World *world, gconstpointer data)
{
    static const char *const names[] = {"a.plugin.dpkg-new", "a.dpkg-old.plugin", ".a.plugin",
                                        ".plugin",           "a.plugin~",         "README.md"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        write_at(world->first, names[i], "[plugin]\nbroken\n");
    }
    scan_expecting(world, 0);
    g_assert_cmpuint(registry_manifests(world->registry)->len, ==, 0);
}

static void
make_fifo(const char *path)
{
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(mkfifo(path, 0644), ==, 0);
}

static void
make_link(const char *path)
{
    g_autofree char *other = g_strconcat(path, ".moved", NULL);

    g_assert_cmpint(g_rename(path, other), ==, 0);
    g_assert_cmpint(symlink(other, path), ==, 0);
}

static void
make_writable(const char *path)
{
    g_assert_cmpint(g_chmod(path, 0664), ==, 0);
}

static void
make_foreign(const char *path)
{
    g_assert_cmpint(chown(path, 65534, 65534), ==, 0);
}

static void
make_large(const char *path)
{
    g_assert_cmpint(truncate(path, 70000), ==, 0);
}

typedef struct {
    const char *name;
    void (*spoil)(const char *path);
    gboolean module_too;
    gboolean needs_root;
} Spoil;

static const Spoil spoils[] = {
    {"fifo", make_fifo, TRUE, FALSE},         {"link", make_link, TRUE, FALSE},
    {"writable", make_writable, TRUE, FALSE}, {"foreign", make_foreign, TRUE, TRUE},
    {"large", make_large, FALSE, FALSE},
};

static void
test_untrusted_manifest(World *world, gconstpointer data)
{
    const Spoil *spoil = data;
    g_autofree char *path = manifest_path(world, "a.plugin");

    if (spoil->needs_root && geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    plugin_at(world->first, "a", "one");
    plugin_at(world->first, "b", "two");
    spoil->spoil(path);
    scan_expecting(world, 1);
    g_assert_null(registry_lookup(world->registry, "one"));
    g_assert_nonnull(registry_lookup(world->registry, "two"));
    g_assert_nonnull(strstr(registry_faults(world->registry)->pdata[0], "a.plugin"));
}

static void
test_untrusted_module(World *world, gconstpointer data)
{
    const Spoil *spoil = data;
    g_autofree char *path = manifest_path(world, "a.so");
    g_autoptr(GError) error = NULL;

    if (!spoil->module_too || (spoil->needs_root && geteuid() != 0)) {
        g_test_skip("not of a module, or needs root");
        return;
    }
    plugin_at(world->first, "a", "one");
    scan_expecting(world, 0);
    spoil->spoil(path);
    g_assert_cmpint(
        registry_open_module(world->registry, registry_lookup(world->registry, "one"), &error), ==,
        -1);
    g_assert_error(error, VET_ERROR, VET_ERROR_UNTRUSTED);
    g_assert_nonnull(strstr(error->message, "plugin a"));
}

static void
test_module(World *world, gconstpointer data)
{
    g_autofree char *path = manifest_path(world, "a.so");
    g_autoptr(GError) error = NULL;
    const Manifest *manifest;
    int fd;

    plugin_at(world->first, "a", "one");
    scan_expecting(world, 0);
    manifest = registry_lookup(world->registry, "one");
    fd = registry_open_module(world->registry, manifest, &error);
    g_assert_no_error(error);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    close(fd);
    g_unlink(path);
    g_assert_cmpint(registry_open_module(world->registry, manifest, &error), ==, -1);
    g_assert_error(error, VET_ERROR, VET_ERROR_MISSING);
}

static void
test_untrusted_directory(World *world, gconstpointer data)
{
    plugin_at(world->first, "a", "one");
    plugin_at(world->second, "b", "two");
    g_assert_cmpint(g_chmod(world->first, 0777), ==, 0);
    scan_expecting(world, 1);
    g_assert_null(registry_lookup(world->registry, "one"));
    g_assert_nonnull(registry_lookup(world->registry, "two"));
}

static void
test_a_change_is_seen_and_nothing_is_read_twice(World *world, gconstpointer data)
{
    const Manifest *before;

    plugin_at(world->first, "a", "one");
    scan_expecting(world, 0);
    before = registry_lookup(world->registry, "one");
    scan_expecting(world, 0);
    g_assert_true(registry_lookup(world->registry, "one") == before);
    plugin_at(world->first, "a", "other");
    scan_expecting(world, 0);
    g_assert_null(registry_lookup(world->registry, "one"));
    g_assert_nonnull(registry_lookup(world->registry, "other"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/registry/" path, World, NULL, set_up, func, tear_down)
    ADD("lookup", test_lookup);
    ADD("first-directory-wins", test_first_directory_wins);
    ADD("mask", test_mask);
    ADD("operation-claimed-twice", test_operation_claimed_twice);
    ADD("skipped-names", test_skipped_names);
    ADD("module", test_module);
    ADD("untrusted-directory", test_untrusted_directory);
    ADD("a-change-is-seen", test_a_change_is_seen_and_nothing_is_read_twice);
    for (gsize i = 0; i < G_N_ELEMENTS(spoils); i++) {
        g_autofree char *manifest = g_strconcat("/registry/manifest/", spoils[i].name, NULL);
        g_autofree char *module = g_strconcat("/registry/module/", spoils[i].name, NULL);

        g_test_add(manifest, World, &spoils[i], set_up, test_untrusted_manifest, tear_down);
        g_test_add(module, World, &spoils[i], set_up, test_untrusted_module, tear_down);
    }
    return g_test_run();
}
