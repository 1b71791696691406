/* Calls one function of a firmware backend, as the plugin would, and prints what errand is told.
 *
 *   backend-run [KEY=VALUE...] CALL
 *
 * CALL is one of: check, booted, inspect IMAGE, install IMAGE, again IMAGE, confirm, reject SLOT.
 * KEY=VALUE are settings. First "begun", then one line for each thing told: "progress PERCENT
 * STEP", "log LEVEL TEXT", "reason WORD TEXT", "booted SLOT VERSION", "image COMPATIBLE VERSION",
 * at the end "result NUMBER". SIGUSR1 is the cancel. */
#include <plugins/firmware/backend.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **settings;
static int n_settings;
static int cancel[2];
static volatile sig_atomic_t cancelled;

static const char *
host_setting(errand_job *job, const char *key)
{
    size_t length = strlen(key);

    for (int i = 0; i < n_settings; i++) {
        if (strncmp(settings[i], key, length) == 0 && settings[i][length] == '=')
            return settings[i] + length + 1;
    }
    return NULL;
}

static void
host_log(errand_job *job, int32_t level, const char *text)
{
    printf("log %d %s\n", (int)level, text);
}

static int32_t
host_progress(errand_job *job, int32_t percent, const char *step)
{
    printf("progress %d %s\n", (int)percent, step != NULL ? step : "");
    return 0;
}

static int32_t
host_reason(errand_job *job, const char *word, const char *text)
{
    printf("reason %s %s\n", word, text);
    return 0;
}

static int32_t
host_cancelled(errand_job *job)
{
    return cancelled;
}

static int32_t
host_cancel_fd(errand_job *job)
{
    return cancel[0];
}

static void
on_signal(int number)
{
    cancelled = 1;
    (void)!write(cancel[1], "", 1);
}

static int32_t
call(errand_job *job, const char *what, const char *argument)
{
    const Backend *backend = &backend_rauc;
    Booted booted = {0};
    Image image = {0};
    int32_t result = ERRAND_FAILED;

    if (strcmp(what, "check") == 0)
        return backend->check(job);
    if (strcmp(what, "confirm") == 0)
        return backend->confirm(job);
    if (strcmp(what, "reject") == 0)
        return backend->reject(job, argument);
    if (strcmp(what, "install") == 0 || strcmp(what, "again") == 0)
        return backend->install(job, argument, strcmp(what, "again") == 0);
    if (strcmp(what, "booted") == 0) {
        result = backend->booted(job, &booted);
        if (result == ERRAND_SUCCEEDED)
            printf("booted %s %s\n", booted.slot, booted.version);
        return result;
    }
    result = backend->inspect(job, argument, &image);
    if (result == ERRAND_SUCCEEDED)
        printf("image %s %s\n", image.compatible, image.version);
    return result;
}

int
main(int argc, char **argv)
{
    errand_host host = {
        .struct_size = sizeof host,
        .abi = ERRAND_PLUGIN_ABI,
        .setting = host_setting,
        .log = host_log,
        .progress = host_progress,
        .reason = host_reason,
        .cancelled = host_cancelled,
        .cancel_fd = host_cancel_fd,
    };
    errand_job job = {&host};
    int first = 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    while (first < argc && strchr(argv[first], '=') != NULL)
        first++;
    settings = argv + 1;
    n_settings = first - 1;
    if (first >= argc || pipe(cancel) != 0)
        return 2;
    signal(SIGUSR1, on_signal);
    puts("begun");
    printf("result %d\n", (int)call(&job, argv[first], argv[first + 1]));
    return EXIT_SUCCESS;
}
