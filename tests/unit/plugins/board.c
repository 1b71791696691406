#include "board.h"

#include <glib/gstdio.h>
#include <string.h>

static char *
path_of(Board *self, const char *name)
{
    return g_build_filename(self->directory, name, NULL);
}

void
board_write(Board *self, const char *name, const char *format, ...)
{
    g_autofree char *path = path_of(self, name), *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

char *
board_read(Board *self, const char *name)
{
    g_autofree char *path = path_of(self, name);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_strchomp(text) : NULL;
}

gboolean
board_has(Board *self, const char *name)
{
    g_autofree char *path = path_of(self, name);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

void
board_hook(Board *self, const char *name, const char *script)
{
    g_autofree char *path = path_of(self, name);

    board_write(self, name, "#!/bin/sh\ncd '%s'\n%s\n", self->directory, script);
    g_assert_cmpint(g_chmod(path, 0755), ==, 0);
}

char *
board_asked(Board *self)
{
    g_autofree char *log = board_read(self, "log"), *path = path_of(self, "log");
    g_auto(GStrv) lines = g_strsplit(log != NULL ? log : "", "\n", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();

    for (guint i = 0; lines[i] != NULL; i++) {
        if (strcmp(lines[i], "booted") != 0)
            g_ptr_array_add(kept, lines[i]);
    }
    g_ptr_array_add(kept, NULL);
    g_unlink(path);
    return g_strjoinv(",", (char **)kept->pdata);
}

void
board_assert_asked(Board *self, const char *expected)
{
    g_autofree char *asked = board_asked(self);

    g_assert_cmpstr(asked, ==, expected);
}

void
board_assert_next(Board *self, const char *slot)
{
    g_autofree char *next = board_read(self, "next");

    g_assert_cmpstr(next, ==, slot);
}

void
board_boot(Board *self, const char *slot, int start)
{
    g_autofree char *next = slot != NULL ? g_strdup(slot) : board_read(self, "next");

    board_write(self, "slot", "%s\n", next);
    board_write(self, "boot_id", "boot-%d\n", ++self->boots);
    self->host->start = start;
}

void
board_crash(Board *self)
{
    self->host->start = ERRAND_START_INTERRUPTED;
    self->host->critical = 0;
}

static void
set_programs(Board *self)
{
    static const char *const programs[] = {"booted", "inspect", "install", "confirm", "rollback"};

    for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *command =
            g_strdup_printf("%s;%s;%s", g_getenv("BOARD"), self->directory, programs[i]);

        fake_host_set(self->host, programs[i], command);
    }
}

Board *
board_new(FileServer *server, const char *operation, const char *more)
{
    Board *self = g_new0(Board, 1);
    g_autofree char *document = NULL, *boot_id = NULL;

    if (strcmp(operation, "afr_ota") == 0)
        document = g_strdup_printf(
            "{'afr_ota':{'protocols':['HTTP'],'streamname':null,'files':[{'filepath':null,"
            "'fileid':0,'filesize':%u,'update_data_url':'http://127.0.0.1:%u/ok'%s}]}}",
            (unsigned)g_bytes_get_size(server->content), server->port, more);
    else
        document = g_strdup_printf("{'operation':'firmware','url':'http://127.0.0.1:%u/ok'%s}",
                                   server->port, more);
    self->host = fake_host_new("firmware", operation, document);
    self->directory = g_dir_make_tmp("errand-board-XXXXXX", NULL);
    self->host->private_directory = path_of(self, "private");
    g_assert_cmpint(g_mkdir(self->host->private_directory, 0700), ==, 0);
    boot_id = path_of(self, "boot_id");
    fake_host_set(self->host, "boot-id-file", boot_id);
    fake_host_set(self->host, "backend", "command");
    fake_host_set(self->host, "allow-http", "true");
    fake_host_set(self->host, "retry-delay", "1ms");
    fake_host_set(self->host, "health-timeout", "1s");
    set_programs(self);
    board_write(self, "version.A", "1.0\n");
    board_write(self, "next", "A\n");
    board_write(self, "offered", "2.0 toaster\n");
    board_boot(self, NULL, ERRAND_START_FIRST);
    return self;
}

void
board_free(Board *self)
{
    g_autofree char *line = g_strdup_printf("rm -rf '%s'", self->directory);

    fake_host_free(self->host);
    if (system(line) != 0)
        g_warning("%s failed", line);
    g_free(self->directory);
    g_free(self);
}
