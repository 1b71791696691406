#include "durable.h"
#include "vet.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *top;
    char *directory; /* top/d */
    char *file;      /* top/d/f */
} Fixture;

static void
set_up(Fixture *self, gconstpointer data)
{
    self->top = g_dir_make_tmp("vet-XXXXXX", NULL);
    self->directory = g_build_filename(self->top, "d", NULL);
    self->file = g_build_filename(self->directory, "f", NULL);
    g_assert_cmpint(g_mkdir(self->directory, 0700), ==, 0);
    g_assert_true(g_file_set_contents(self->file, "content", -1, NULL));
    g_assert_cmpint(g_chmod(self->file, 0644), ==, 0);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    g_assert_true(durable_remove_tree(self->top, NULL));
    g_free(self->top);
    g_free(self->directory);
    g_free(self->file);
}

static void
assert_open(const char *directory, const char *name)
{
    g_autoptr(GError) error = NULL;
    char content[8] = "";
    int fd = vet_open(directory, name, &error);

    g_assert_no_error(error);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(read(fd, content, 7), ==, 7);
    g_assert_cmpstr(content, ==, "content");
    close(fd);
}

static void
assert_refused(const char *directory, const char *name, VetError code, const char *part)
{
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(vet_open(directory, name, &error), ==, -1);
    g_assert_error(error, VET_ERROR, (gint)code);
    if (strstr(error->message, part) == NULL)
        g_error("\"%s\" is not in \"%s\"", part, error->message);
}

static void
test_open(Fixture *self, gconstpointer data)
{
    g_autofree char *dotted = g_strdup_printf("%s//./d/../d/", self->top);

    assert_open(self->directory, "f");
    assert_open(dotted, "f");
    g_assert_true(vet_directory(self->directory, NULL));
    g_assert_true(vet_directory("/", NULL));
    assert_refused(self->directory, "absent", VET_ERROR_MISSING, "absent");
    assert_refused("/nowhere/at/all", "f", VET_ERROR_MISSING, "/nowhere");
    assert_refused(self->file, "f", VET_ERROR_MISSING, self->file);
    assert_refused(self->directory, "../d/f", VET_ERROR_UNTRUSTED, "without");
    assert_refused(self->directory, "..", VET_ERROR_UNTRUSTED, "without");
    assert_refused(self->directory, "", VET_ERROR_UNTRUSTED, "without");
}

static void
test_modes(Fixture *self, gconstpointer data)
{
    g_assert_cmpint(g_chmod(self->file, 0664), ==, 0);
    assert_refused(self->directory, "f", VET_ERROR_UNTRUSTED, "chmod go-w '");
    g_assert_cmpint(g_chmod(self->file, 0646), ==, 0);
    assert_refused(self->directory, "f", VET_ERROR_UNTRUSTED, "0646");
    g_assert_cmpint(g_chmod(self->file, 0644), ==, 0);
    g_assert_cmpint(g_chmod(self->directory, 0770), ==, 0);
    assert_refused(self->directory, "f", VET_ERROR_UNTRUSTED, "chmod go-w");
    g_assert_false(vet_directory(self->directory, NULL));
    g_assert_cmpint(g_chmod(self->directory, 0700), ==, 0);
    g_assert_cmpint(g_chmod(self->top, 0707), ==, 0);
    assert_refused(self->directory, "f", VET_ERROR_UNTRUSTED, "0707");
    g_assert_cmpint(g_chmod(self->top, 01777), ==, 0);
    assert_open(self->directory, "f");
    g_assert_false(vet_directory(self->top, NULL));
}

static void
test_owner(Fixture *self, gconstpointer data)
{
    if (geteuid() != 0) {
        g_test_skip("only root can give files away");
        return;
    }
    g_assert_cmpint(chown(self->file, 1234, 0), ==, 0);
    assert_refused(self->directory, "f", VET_ERROR_UNTRUSTED, "user 1234");
    g_assert_cmpint(chown(self->file, 0, 1234), ==, 0);
    assert_open(self->directory, "f");
    g_assert_cmpint(chown(self->directory, 1234, 0), ==, 0);
    assert_refused(self->directory, "f", VET_ERROR_UNTRUSTED, "chown root");
}

static void
test_types(Fixture *self, gconstpointer data)
{
    g_autofree char *fifo = g_build_filename(self->directory, "fifo", NULL);
    g_autofree char *link = g_build_filename(self->directory, "link", NULL);
    g_autofree char *folder = g_build_filename(self->directory, "folder", NULL);

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_cmpint(symlink("f", link), ==, 0);
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    assert_refused(self->directory, "fifo", VET_ERROR_UNTRUSTED, "FIFO");
    assert_refused(self->directory, "link", VET_ERROR_UNTRUSTED, "symbolic link");
    assert_refused(self->directory, "folder", VET_ERROR_UNTRUSTED, "directory");
    assert_refused("/dev", "null", VET_ERROR_UNTRUSTED, "device");
}

static void
test_links(Fixture *self, gconstpointer data)
{
    g_autofree char *absolute = g_build_filename(self->top, "absolute", NULL);
    g_autofree char *relative = g_build_filename(self->top, "relative", NULL);
    g_autofree char *loop = g_build_filename(self->top, "loop", NULL);
    g_autofree char *below = g_build_filename(self->directory, "e", NULL);
    g_autofree char *file = g_build_filename(below, "f", NULL);
    g_autofree char *by_absolute = g_build_filename(absolute, "e", NULL);
    g_autofree char *by_relative = g_build_filename(relative, "e", NULL);
    g_autofree char *by_loop = g_build_filename(loop, "e", NULL);

    g_assert_cmpint(g_mkdir(below, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, "content", -1, NULL));
    g_assert_cmpint(g_chmod(file, 0600), ==, 0);
    g_assert_cmpint(symlink(self->directory, absolute), ==, 0);
    g_assert_cmpint(symlink("d/../d", relative), ==, 0);
    g_assert_cmpint(symlink("loop", loop), ==, 0);
    assert_open(by_absolute, "f");
    assert_open(by_relative, "f");
    assert_refused(absolute, "f", VET_ERROR_UNTRUSTED, "symbolic link");
    assert_refused(by_loop, "f", VET_ERROR_IO, "links");
    /* What the link leads through counts, not only where it starts. */
    g_assert_cmpint(g_chmod(self->directory, 0702), ==, 0);
    assert_refused(by_absolute, "f", VET_ERROR_UNTRUSTED, "0702");
}

static void
test_private(Fixture *self, gconstpointer data)
{
    g_autofree char *fifo = g_build_filename(self->directory, "fifo", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(vet_private_file(self->file, &error));
    g_assert_error(error, VET_ERROR, VET_ERROR_UNTRUSTED);
    g_assert_nonnull(strstr(error->message, "chmod go= "));
    g_clear_error(&error);
    g_assert_cmpint(g_chmod(self->file, 0600), ==, 0);
    g_assert_true(vet_private_file(self->file, &error));
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_false(vet_private_file(fifo, NULL));
    g_assert_false(vet_private_file("/nowhere", &error));
    g_assert_error(error, VET_ERROR, VET_ERROR_MISSING);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/vet/open", test_open);
    ADD("/vet/modes", test_modes);
    ADD("/vet/owner", test_owner);
    ADD("/vet/types", test_types);
    ADD("/vet/links", test_links);
    ADD("/vet/private", test_private);
    return g_test_run();
}
