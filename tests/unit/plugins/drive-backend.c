/* Runs one operation of a plugin for a test in another language:
 *
 *   drive-backend PLUGIN OPERATION DOCUMENT [SETTING=VALUE]...
 *
 * Prints "begun", then lines "progress PERCENT WORD" and "log LEVEL TEXT" as they come, then
 * "detail KEY VALUE"..., "reason WORD", "message TEXT" and "result NUMBER". End of file on standard
 * input cancels. */
#include "fake-host.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int32_t
print_progress(errand_job *job, int32_t percent, const char *step)
{
    printf("progress %d %s\n", (int)percent, step != NULL ? step : "-");
    return 0;
}

static void
print_log(errand_job *job, int32_t level, const char *text)
{
    printf("log %d %s\n", (int)level, text);
}

static gpointer
cancel_at_end_of_input(gpointer host)
{
    char byte;

    while (read(0, &byte, 1) > 0)
        continue;
    fake_host_cancel(host);
    return NULL;
}

static const errand_operation *
find(FakeHost *host, const char *name)
{
    for (guint i = 0; i < host->plugin->n_operations; i++) {
        if (strcmp(host->plugin->operations[i].name, name) == 0)
            return &host->plugin->operations[i];
    }
    g_error("no operation %s", name);
}

static void
print_end(FakeHost *host, int result)
{
    GHashTableIter details;
    gpointer key, value;

    g_hash_table_iter_init(&details, host->details);
    while (g_hash_table_iter_next(&details, &key, &value))
        printf("detail %s %s\n", (char *)key, (char *)value);
    if (host->reason != NULL)
        printf("reason %s\nmessage %s\n", host->reason, host->message);
    printf("result %d\n", result);
}

int
main(int argc, char **argv)
{
    FakeHost *host;

    if (argc < 4)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    host = fake_host_new(argv[1], argv[2], argv[3]);
    host->host.progress = print_progress;
    host->host.log = print_log;
    for (int i = 4; i < argc; i++) {
        g_auto(GStrv) pair = g_strsplit(argv[i], "=", 2);

        fake_host_set(host, pair[0], pair[1]);
    }
    printf("begun\n");
    g_thread_unref(g_thread_new("cancel", cancel_at_end_of_input, host));
    print_end(host, find(host, argv[2])->run(&host->job));
    fflush(stdout);
    _exit(0);
}
