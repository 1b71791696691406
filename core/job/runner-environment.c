#include "runner-environment.h"

#define RUNNER_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

char **
runner_environment(const char *private_directory)
{
    static const char *const passed_on[] = {
        "LANG",     "LC_ALL",     "TZ",          "http_proxy", "https_proxy",
        "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",   "DBUS_SYSTEM_BUS_ADDRESS"};
    char **environment = g_environ_setenv(NULL, "PATH", RUNNER_PATH, TRUE);

    environment = g_environ_setenv(environment, "LANG", "C.UTF-8", TRUE);
    environment = g_environ_setenv(environment, "HOME", "/", TRUE);
    environment = g_environ_setenv(environment, "TMPDIR",
                                   private_directory ? private_directory : "/tmp", TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(passed_on); i++) {
        const char *value = g_getenv(passed_on[i]);

        if (value) {
            environment = g_environ_setenv(environment, passed_on[i], value, TRUE);
        }
    }
    return environment;
}
