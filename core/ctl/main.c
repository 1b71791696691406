/* errandctl: the operator's command. */
#include "config.h"
#include "document-file.h"
#include "local-run.h"
#include "log.h"
#include "plugin-list.h"
#include "sign.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

typedef struct {
    char *config_file;
    char **plugin_directories;
    char *key_file;
    gboolean json;
    gboolean verbose;
    gboolean version;
} Arguments;

static const char SUMMARY[] =
    "Commands:\n"
    "  run DOCUMENT.json   Run a job document on this machine, without any cloud; '-' reads "
    "standard\n"
    "                      input. Exit status 0 SUCCEEDED, 1 FAILED, 2 REJECTED\n"
    "  plugins             List the plugins and the operations they serve; with --json for "
    "programs\n"
    "  sign --key KEY DOCUMENT.json\n"
    "                      Print the document signed; KEY is a PEM private key, named like its "
    "NAME.pem\n"
    "                      in the gateways' trust directory";

static gboolean
parse(Arguments *self, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &self->config_file, "Read FILE and FILE.d/*.conf",
         "FILE"},
        {"plugin-dir", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->plugin_directories,
         "Search DIR for plugins before the configured directories", "DIR"},
        {"key", 0, 0, G_OPTION_ARG_FILENAME, &self->key_file, "Sign with the private key in FILE",
         "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &self->json, "Print JSON", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &self->verbose, "Log more", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &self->version, "Print the version and leave", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("COMMAND");

    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static int
print_faults(const Config *config)
{
    for (guint i = 0; i < config->faults->len; i++)
        fprintf(stderr, "%s\n", (const char *)config->faults->pdata[i]);
    return EX_CONFIG;
}

static int
run_command(Config *config, const Arguments *arguments, const char *file)
{
    const LocalRunOptions options = {.document_file = file, .json = arguments->json};
    g_autoptr(GError) error = NULL;
    int status = local_run(config, &options, &error);

    if (error == NULL)
        return status;
    fprintf(stderr, "errandctl: %s\n", error->message);
    return EX_NOINPUT;
}

/* The service replaces its placeholders in what it can read, and what is signed is base64. */
static void
warn_of_placeholders(const char *document)
{
    if (strstr(document, "${aws:iot:") != NULL)
        fputs("errandctl: warning: the document holds a placeholder (${aws:iot:...}), which the "
              "service cannot replace in a signed document; write the value itself\n",
              stderr);
}

static int
sign_command(const char *key_file, const char *file)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *document = document_file_read(file, &error);
    g_autofree char *signed_text =
        document != NULL ? sign_document(key_file, document, &error) : NULL;

    if (signed_text == NULL) {
        fprintf(stderr, "errandctl: %s\n", error->message);
        return document == NULL ? EX_NOINPUT : EX_DATAERR;
    }
    warn_of_placeholders(document);
    puts(signed_text);
    return EX_OK;
}

static int
usage(const char *what)
{
    fprintf(stderr, "errandctl: %s; 'errandctl --help' lists the commands\n", what);
    return EX_USAGE;
}

/* What is wrong with the words of the command; NULL when nothing is. */
static const char *
check_words(const Arguments *arguments, int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : NULL;

    if (command == NULL)
        return "a command is missing";
    if (strcmp(command, "plugins") == 0)
        return argc == 2 ? NULL : "plugins takes no argument";
    if (strcmp(command, "run") == 0)
        return argc == 3 ? NULL : "run wants one document";
    if (strcmp(command, "sign") == 0)
        return argc == 3 && arguments->key_file != NULL ? NULL
                                                        : "sign wants --key KEY and one document";
    return "no such command";
}

static int
dispatch(const Arguments *arguments, int argc, char **argv)
{
    g_autoptr(Config) config = NULL;
    const char *wrong = check_words(arguments, argc, argv);

    if (wrong != NULL)
        return usage(wrong);
    if (strcmp(argv[1], "sign") == 0)
        return sign_command(arguments->key_file, argv[2]);
    config = config_load(arguments->config_file, (const char *const *)arguments->plugin_directories,
                         CONFIG_LOCAL);
    if (config->faults->len > 0)
        return print_faults(config);
    if (strcmp(argv[1], "run") == 0)
        return run_command(config, arguments, argv[2]);
    return plugin_list(config, arguments->json);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Arguments arguments = {0};
    int status;

    if (!parse(&arguments, &argc, &argv, &error)) {
        fprintf(stderr, "errandctl: %s\n", error->message);
        return EX_USAGE;
    }
    log_init(arguments.verbose);
    signal(SIGPIPE, SIG_IGN);
    if (arguments.version) {
        puts("errandctl " ERRAND_VERSION);
        status = EX_OK;
    } else {
        status = dispatch(&arguments, argc, argv);
    }
    g_free(arguments.config_file);
    g_strfreev(arguments.plugin_directories);
    g_free(arguments.key_file);
    return status;
}
