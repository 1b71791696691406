/* errandd: the daemon. */
#include "config.h"
#include "crash-point.h"
#include "daemon.h"
#include "log.h"
#include "options.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/* One heap and early give-back: GLib's resolver threads would otherwise each get an arena of their
 * own, which counts on a gateway with 128 MB. */
static void
keep_memory_small(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TRIM_THRESHOLD, 64 * 1024);
}

static int
report_faults(const Config *config, FILE *stream)
{
    for (guint i = 0; i < config->faults->len; i++)
        fprintf(stream, "%s\n", (const char *)config->faults->pdata[i]);
    return config->faults->len == 0 ? EX_OK : EX_CONFIG;
}

static int
run(const Config *config)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Daemon) daemon = daemon_new(config, &error);

    if (daemon == NULL) {
        g_warning("cannot start: %s", error->message);
        return EX_UNAVAILABLE;
    }
    g_message("errandd %s runs for thing %s", ERRAND_VERSION, config->session.thing_name);
    return daemon_run(daemon);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = NULL;
    g_auto(Options) options = {0};
    int status;

    keep_memory_small();
    if (!options_parse(&options, &argc, &argv, &error)) {
        fprintf(stderr, "errandd: %s\n", error->message);
        return EX_USAGE;
    }
    if (options.version) {
        puts("errandd " ERRAND_VERSION);
        return EX_OK;
    }
#ifdef ERRAND_TESTS
    if (options.list_crash_points) {
        crash_point_list();
        return EX_OK;
    }
#endif
    log_init(options.verbose);
    signal(SIGPIPE, SIG_IGN);
    config = config_load(options.config_file, (const char *const *)options.plugin_directories,
                         options.check_config ? CONFIG_CHECK : CONFIG_DAEMON);
    status = report_faults(config, options.check_config ? stdout : stderr);
    if (options.check_config || status != EX_OK)
        return status;
    return run(config);
}
