#include "download-host.h"

FileServer *server;

void
download_begin(void)
{
    server = file_server_start(CONTENT_SIZE);
}

/* Runs the tests. */
int
download_end(void)
{
    int result = g_test_run();

    file_server_stop(server);
    return result;
}

FakeHost *
host_for(const char *where, const char *name, const char *more)
{
    g_autofree char *document =
        g_strdup_printf("{'operation':'download','url':'http://127.0.0.1:%u/%s','path':'%s/%s'%s}",
                        server->port, where, server->target, name, more);
    FakeHost *host = fake_host_new("download", "download", document);

    fake_host_set(host, "directories", server->target);
    fake_host_set(host, "allow-http", "true");
    fake_host_set(host, "retry-delay", "1ms");
    file_server_clean(server);
    return host;
}
