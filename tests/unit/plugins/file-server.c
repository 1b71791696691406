#include "file-server.h"

#include <glib/gstdio.h>
#include <string.h>

G_GNUC_PRINTF(1, 2)
static void
run(const char *format, ...)
{
    va_list args;
    g_autofree char *line = NULL;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    if (system(line) != 0)
        g_error("failed: %s", line);
}

static void
make_content(FileServer *self, const char *file, gsize size)
{
    guchar *data = g_malloc(size);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    for (gsize i = 0; i < size; i++)
        data[i] = (guchar)g_rand_int(random);
    self->content = g_bytes_new_take(data, size);
    self->sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, self->content);
    g_assert_true(g_file_set_contents(file, (const char *)data, (gssize)size, NULL));
}

FileServer *
file_server_start(gsize size)
{
    FileServer *self = g_new0(FileServer, 1);
    g_autofree char *script = g_build_filename(g_getenv("TEST_SOURCE"), "http-server.py", NULL);
    g_autofree char *file = NULL, *key = NULL, *line = NULL;
    g_autoptr(GDataInputStream) output = NULL;

    self->directory = g_dir_make_tmp("errand-download-XXXXXX", NULL);
    self->target = g_build_filename(self->directory, "target", NULL);
    self->certificate = g_build_filename(self->directory, "certificate.pem", NULL);
    self->log = g_build_filename(self->directory, "log", NULL);
    file = g_build_filename(self->directory, "content", NULL);
    key = g_build_filename(self->directory, "key.pem", NULL);
    g_assert_cmpint(g_mkdir(self->target, 0755), ==, 0);
    make_content(self, file, size);
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout '%s' -out '%s' "
        "2>/dev/null",
        key, self->certificate);
    self->process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL,
                         "/usr/bin/python3", script, file, self->log, self->certificate, key, NULL);
    g_assert_nonnull(self->process);
    output = g_data_input_stream_new(g_subprocess_get_stdout_pipe(self->process));
    line = g_data_input_stream_read_line(output, NULL, NULL, NULL);
    g_assert_cmpint(sscanf(line, "%u %u", &self->port, &self->secure_port), ==, 2);
    return self;
}

void
file_server_stop(FileServer *self)
{
    g_subprocess_force_exit(self->process);
    g_subprocess_wait(self->process, NULL, NULL);
    g_object_unref(self->process);
    run("rm -rf '%s'", self->directory);
    g_free(self->directory);
    g_free(self->target);
    g_free(self->certificate);
    g_bytes_unref(self->content);
    g_free(self->sha256);
    g_free(self->log);
    g_free(self);
}

char *
file_server_log(FileServer *self)
{
    char *text = NULL;

    g_assert_true(g_file_get_contents(self->log, &text, NULL, NULL));
    return text;
}

guint
file_server_count(FileServer *self, const char *text)
{
    g_autofree char *log = file_server_log(self);
    g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
    guint count = 0;

    for (guint i = 0; lines[i] != NULL; i++)
        count += strstr(lines[i], text) != NULL;
    return count;
}

gboolean
file_server_is_whole(FileServer *self, const char *name)
{
    g_autofree char *path = g_build_filename(self->target, name, NULL);
    char *data = NULL;
    gsize length = 0;
    g_autoptr(GBytes) found = NULL;

    if (!g_file_get_contents(path, &data, &length, NULL))
        return FALSE;
    found = g_bytes_new_take(data, length);
    return g_bytes_equal(found, self->content);
}

guint
file_server_n_files(FileServer *self)
{
    g_autoptr(GDir) directory = g_dir_open(self->target, 0, NULL);
    guint count = 0;

    while (g_dir_read_name(directory) != NULL)
        count++;
    return count;
}

void
file_server_clean(FileServer *self)
{
    run("rm -rf '%s' && mkdir -m 755 '%s'", self->target, self->target);
}
