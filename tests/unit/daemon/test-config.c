/* errand.conf: every key has its default, every mistake is named, all in one pass. */
#include "config.h"

#include "durable.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    char *directory;
    char *file;
} Fixture;

static void
put(const Fixture *self, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(self->directory, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0600), ==, 0);
}

static void
set_up(Fixture *self, gconstpointer data)
{
    self->directory = g_dir_make_tmp("errand-config-XXXXXX", NULL);
    self->file = g_build_filename(self->directory, "errand.conf", NULL);
    put(self, "ca.pem", "x");
    put(self, "cert.pem", "x");
    put(self, "key.pem", "x");
    put(self, "runner", "#!/bin/sh\n");
    g_autofree char *runner = g_build_filename(self->directory, "runner", NULL);
    g_assert_cmpint(g_chmod(runner, 0755), ==, 0);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    g_assert_true(durable_remove_tree(self->directory, NULL));
    g_free(self->directory);
    g_free(self->file);
}

/* A file with all that is required, then `more`. */
static Config *
load(Fixture *self, const char *more)
{
    const char *d = self->directory;
    g_autofree char *text =
        g_strdup_printf("[broker]\nhost=broker.example.com\nca-file=%s/ca.pem\n"
                        "certificate-file=%s/cert.pem\nprivate-key-file=%s/key.pem\n"
                        "[thing]\nname=gateway-1\n[paths]\nrunner=%s/runner\n"
                        "plugin-directories=%s/plugins\nstate-directory=%s/state\n%s",
                        d, d, d, d, d, d, more);

    put(self, "errand.conf", text);
    return config_load(self->file, NULL, CONFIG_DAEMON);
}

static void
assert_fault(const Config *config, const char *a, const char *b)
{
    for (guint i = 0; i < config->faults->len; i++) {
        const char *line = config->faults->pdata[i];

        if (strstr(line, a) != NULL && strstr(line, b) != NULL)
            return;
    }
    for (guint i = 0; i < config->faults->len; i++)
        g_test_message("fault: %s", (const char *)config->faults->pdata[i]);
    g_test_message("no fault with '%s' and '%s'", a, b);
    g_test_fail();
}

static void
assert_clean(const Config *config)
{
    for (guint i = 0; i < config->faults->len; i++)
        g_test_message("fault: %s", (const char *)config->faults->pdata[i]);
    g_assert_cmpuint(config->faults->len, ==, 0);
}

static void
test_defaults(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) config = load(self, "");

    assert_clean(config);
    g_assert_cmpuint(config->session.port, ==, 8883);
    g_assert_cmpuint(config->session.keep_alive_s, ==, 60);
    g_assert_true(config->session.tls);
    g_assert_cmpstr(config->session.client_id, ==, "gateway-1");
    g_assert_null(config->session.proxy);
    g_assert_cmpint(config->session.workflow, ==, SESSION_NEXT);
    g_assert_cmpint(config->session.progress_interval_ms, ==, 10000);
    g_assert_cmpint(config->session.resync_interval_ms, ==, 900000);
    g_assert_cmpint(config->session.request_timeout_ms, ==, 10000);
    g_assert_cmpuint(config->dispatcher.max_parallel, ==, 1);
    g_assert_cmpint(config->dispatcher.default_timeout_ms, ==, 3600000);
    g_assert_cmpint(config->dispatcher.cancel_grace_ms, ==, 10000);
    g_assert_cmpuint(config->dispatcher.max_attempts, ==, 3);
    g_assert_false(config->dispatcher.ignore_unknown);
    g_assert_false(config->dispatcher.require_signed);
    g_assert_false(config->enabled_is_set);
    g_autofree char *enabled = g_strjoinv(";", config->dispatcher.enabled);
    g_assert_cmpstr(enabled, ==, "download;firmware;reboot;shutdown");
    g_autofree char *reboot = g_strjoinv(" ", config->dispatcher.reboot_command);
    g_assert_cmpstr(reboot, ==, "systemctl reboot");
    g_assert_cmpstr(config->dispatcher.boot_id_file, ==, "/proc/sys/kernel/random/boot_id");
    g_assert_cmpint(config->dispatcher.reboot_timeout_ms, ==, 600000);
}

static void
test_all_faults_in_one_pass(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) config = NULL;
    g_autofree char *key = g_build_filename(self->directory, "key.pem", NULL);

    g_assert_cmpint(g_chmod(key, 0644), ==, 0);
    config = load(self, "[jobs]\nworkflow=nxt\nmax-parallel=0\ntimout=5\n[broker]\nport=70000\n"
                        "keep-alive=soon\n[surprise]\na=b\n[thing]\nname=no spaces\n");
    assert_fault(config, "[jobs] workflow:", "start-next");
    assert_fault(config, "[jobs] max-parallel:", "64");
    assert_fault(config, "[jobs] timout:", "unknown");
    assert_fault(config, "[broker] port:", "65535");
    assert_fault(config, "[broker] keep-alive:", "soon");
    assert_fault(config, "[surprise]", "unknown");
    assert_fault(config, "[thing] name:", "no spaces");
    assert_fault(config, "[broker] private-key-file:", "chmod");
    g_assert_cmpuint(config->faults->len, ==, 8);
    for (guint i = 0; i < config->faults->len; i++)
        g_assert_true(g_str_has_prefix(config->faults->pdata[i], self->file));
}

static void
test_what_is_missing_is_listed(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) config = NULL;

    put(self, "errand.conf", "# nothing yet\n");
    config = config_load(self->file, NULL, CONFIG_DAEMON);
    assert_fault(config, "[broker] host:", "missing");
    assert_fault(config, "[broker] ca-file:", "missing");
    assert_fault(config, "[broker] certificate-file:", "missing");
    assert_fault(config, "[broker] private-key-file:", "missing");
    assert_fault(config, "[thing] name:", "missing");
}

static void
test_no_file(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) config = config_load("/nonexistent/errand.conf", NULL, CONFIG_DAEMON);

    assert_fault(config, "/nonexistent/errand.conf", "");
}

static void
test_credential_files_must_exist(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) config = load(self, "[broker]\nca-file=/nonexistent/ca\ncertificate-file=/\n"
                                          "private-key-file=/nonexistent/key\n");

    assert_fault(config, "[broker] ca-file:", "/nonexistent/ca");
    assert_fault(config, "[broker] certificate-file:", "is not a file");
    assert_fault(config, "[broker] private-key-file:", "/nonexistent/key");
}

static void
test_pkcs11_key_is_not_a_file(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) config = load(self, "[broker]\nprivate-key-file=pkcs11:token=t;object=k\n");

    assert_clean(config);
    g_assert_cmpstr(config->session.private_key_file, ==, "pkcs11:token=t;object=k");
}

static void
test_plain_text_only_on_loopback(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) far = load(self, "[broker]\ntls=false\n");
    g_autoptr(Config) near = load(self, "[broker]\ntls=false\nhost=127.0.0.1\n");
    g_autoptr(Config) six = load(self, "[broker]\ntls=false\nhost=::1\n");

    assert_fault(far, "[broker] tls:", "loopback");
    assert_clean(near);
    assert_clean(six);
}

static const char *
setting(Config *config, const char *plugin, const char *key)
{
    return g_hash_table_lookup(g_hash_table_lookup(config->dispatcher.settings, plugin), key);
}

static void
test_plugins_that_fetch_know_proxy_and_keys(Fixture *self, gconstpointer data)
{
    static const char *const plugins[] = {"download", "firmware"};
    g_autoptr(Config) far = load(self, "[broker]\nproxy=http://p:3128\n[trust]\ndirectory=/keys\n");
    g_autoptr(Config) near = load(self, "[broker]\nproxy=http://p:3128\n[trust]\ndirectory=/keys\n"
                                        "[plugin download]\nproxy=http://own:1\n"
                                        "trust-directory=/own\n"
                                        "[plugin firmware]\nproxy=\n");
    g_autoptr(Config) none = load(self, "");

    for (guint i = 0; i < G_N_ELEMENTS(plugins); i++) {
        g_assert_cmpstr(setting(far, plugins[i], "proxy"), ==, "http://p:3128");
        g_assert_cmpstr(setting(far, plugins[i], "trust-directory"), ==, "/keys");
        g_assert_null(setting(none, plugins[i], "proxy"));
        g_assert_true(g_str_has_suffix(setting(none, plugins[i], "trust-directory"), "/trust.d"));
    }
    g_assert_cmpstr(setting(near, "download", "proxy"), ==, "http://own:1");
    g_assert_cmpstr(setting(near, "download", "trust-directory"), ==, "/own");
    g_assert_cmpstr(setting(near, "firmware", "trust-directory"), ==, "/keys");
    g_assert_cmpstr(setting(near, "firmware", "proxy"), ==, "http://p:3128");
}

static void
test_proxy_password_is_never_repeated(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) bad = load(self, "[broker]\nproxy=socks://u:geheim@p:1\n");
    g_autoptr(Config) good = load(self, "[broker]\nproxy=http://u:geheim@p:3128\n");

    assert_fault(bad, "[broker] proxy:", "http://");
    g_assert_null(strstr(bad->faults->pdata[0], "geheim"));
    assert_clean(good);
    g_assert_cmpstr(
        g_hash_table_lookup(g_hash_table_lookup(good->dispatcher.settings, "download"), "proxy"),
        ==, "http://u:geheim@p:3128");
}

static void
test_conf_d_wins_in_order(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) config = NULL;

    put(self, "errand.conf.d/20-b.conf", "[jobs]\nmax-attempts=7\n");
    put(self, "errand.conf.d/10-a.conf", "[jobs]\nmax-attempts=5\ncancel-grace=3s\n");
    put(self, "errand.conf.d/30-c.conf.dpkg-new", "[jobs]\nmax-attempts=9\n");
    config = load(self, "[jobs]\nmax-attempts=2\n");
    assert_clean(config);
    g_assert_cmpuint(config->dispatcher.max_attempts, ==, 7);
    g_assert_cmpint(config->dispatcher.cancel_grace_ms, ==, 3000);
}

static void
test_plugin_settings(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) config = NULL;
    GHashTable *settings;

    put(self, "plugins/shell.plugin",
        "[plugin]\nname=shell\nmodule=shell.so\nabi=1\noperations=shell\nsettings=commands;"
        "users\n");
    config = load(self, "[plugin shell]\ncommands=logger;/bin/true\nusers=\ncomands=x\n[plugin "
                        "own]\nanything=goes; yes\n");
    assert_fault(config, "[plugin shell] comands:", "commands, users");
    g_assert_cmpuint(config->faults->len, ==, 1);
    settings = g_hash_table_lookup(config->dispatcher.settings, "shell");
    g_assert_cmpstr(g_hash_table_lookup(settings, "commands"), ==, "logger;/bin/true");
    /* Not the same as absent. */
    g_assert_cmpstr(g_hash_table_lookup(settings, "users"), ==, "");
    settings = g_hash_table_lookup(config->dispatcher.settings, "own");
    g_assert_cmpstr(g_hash_table_lookup(settings, "anything"), ==, "goes; yes");
}

static void
test_parallel_needs_available(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) bad = load(self, "[jobs]\nmax-parallel=4\n");
    g_autoptr(Config) good = load(self, "[jobs]\nmax-parallel=4\nworkflow=available\n");

    assert_fault(bad, "[jobs] max-parallel:", "available");
    assert_clean(good);
}

static void
test_what_was_started_is_not_ignored(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) bad = load(self, "[jobs]\nunknown-operation=ignore\nworkflow=start-next\n");
    g_autoptr(Config) good = load(self, "[jobs]\nunknown-operation=ignore\n");

    assert_fault(bad, "[jobs] unknown-operation:", "start-next");
    assert_clean(good);
}

static void
test_local_use_needs_no_broker(Fixture *self, gconstpointer data)
{
    g_autoptr(Config) config = NULL;
    const char *extra[] = {"relative/dir", NULL};
    g_autofree char *text = g_strdup_printf("[paths]\nrunner=%s/runner\n", self->directory);

    put(self, "errand.conf", text);
    config = config_load(self->file, extra, CONFIG_LOCAL);
    assert_clean(config);
    g_assert_true(g_path_is_absolute(config->plugin_directories[0]));
    g_assert_true(g_str_has_suffix(config->plugin_directories[0], "/relative/dir"));
}

#define ADD(name, function) g_test_add("/config/" name, Fixture, NULL, set_up, function, tear_down)

/* Otherwise every user of the machine could enable operations that run as root. */
static void
test_what_everybody_may_write_is_not_read(Fixture *self, gconstpointer data)
{
    g_autofree char *directory = g_strconcat(self->file, ".d", NULL);
    g_autofree char *part = g_build_filename(directory, "10.conf", NULL);

    put(self, "errand.conf.d/10.conf", "[operations]\nenabled=*\n");
    g_assert_cmpint(g_chmod(part, 0666), ==, 0);
    g_autoptr(Config) file = load(self, "");
    assert_fault(file, "10.conf: ", "mode 0666");
    g_assert_cmpstr(file->dispatcher.enabled[0], ==, "download");

    g_assert_cmpint(g_chmod(part, 0644), ==, 0);
    g_assert_cmpint(g_chmod(directory, 0777), ==, 0);
    g_autoptr(Config) folder = load(self, "");
    assert_fault(folder, "errand.conf.d: ", "mode 0777");
    g_assert_cmpstr(folder->dispatcher.enabled[0], ==, "download");

    g_assert_cmpint(g_chmod(directory, 0755), ==, 0);
    g_autoptr(Config) good = load(self, "");
    g_assert_cmpuint(good->faults->len, ==, 0);
    g_assert_cmpstr(good->dispatcher.enabled[0], ==, "*");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("defaults", test_defaults);
    ADD("all-faults-in-one-pass", test_all_faults_in_one_pass);
    ADD("what-is-missing", test_what_is_missing_is_listed);
    ADD("no-file", test_no_file);
    ADD("credential-files", test_credential_files_must_exist);
    ADD("pkcs11", test_pkcs11_key_is_not_a_file);
    ADD("plain-text-only-on-loopback", test_plain_text_only_on_loopback);
    ADD("plugins-that-fetch", test_plugins_that_fetch_know_proxy_and_keys);
    ADD("proxy-password", test_proxy_password_is_never_repeated);
    ADD("conf-d", test_conf_d_wins_in_order);
    ADD("writable-by-everybody", test_what_everybody_may_write_is_not_read);
    ADD("plugin-settings", test_plugin_settings);
    ADD("parallel-needs-available", test_parallel_needs_available);
    ADD("start-next-ignores-nothing", test_what_was_started_is_not_ignored);
    ADD("local-use", test_local_use_needs_no_broker);
    return g_test_run();
}
