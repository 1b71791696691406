#include "load.h"

#include <dlfcn.h>
#include <link.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPERATIONS_MAX 256
#define STRIDE_MAX     4096 /* bytes; a hundred times today's */
#define SEGMENTS_MAX   64   /* program headers; linkers make about a dozen */
#define VERSION_MAX    128  /* bytes; as in the packet */

/* The sizes of version 1.0, which no plugin can be below. */
#define PLUGIN_SIZE_1_0                                                                            \
    (offsetof(errand_plugin, operation_size) + sizeof((errand_plugin *)NULL)->operation_size)
#define OPERATION_SIZE_1_0 (offsetof(errand_operation, run) + sizeof((errand_operation *)NULL)->run)

G_DEFINE_QUARK(errand - load - error, load_error)

static gboolean fault(GError **error, LoadError code, const char *plugin, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static gboolean
fault(GError **error, LoadError code, const char *plugin, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, LOAD_ERROR, (gint)code, "cannot load plugin %s: %s", plugin, text);
    return FALSE;
}

/* ld.so only knows the descriptor's name, which tells nobody anything. */
static const char *
linker_text(const char *path)
{
    const char *text = dlerror();

    if (text == NULL)
        return "no reason given";
    if (g_str_has_prefix(text, path) && g_str_has_prefix(text + strlen(path), ": "))
        text += strlen(path) + 2;
    return text;
}

/* ld.so maps what the program headers say and then dies of SIGBUS in a file that was cut off. All
 * other damage it notices by itself. */
static gboolean
vet_file(int fd, const char *plugin, GError **error)
{
    ElfW(Phdr) segments[SEGMENTS_MAX];
    ElfW(Ehdr) header;
    struct stat file;

    if (fstat(fd, &file) < 0 || pread(fd, &header, sizeof header, 0) != sizeof header ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phentsize != sizeof segments[0])
        return TRUE;
    if (header.e_phnum > SEGMENTS_MAX)
        return fault(error, LOAD_ERROR_MODULE, plugin, "it has %u segments, at most %d are allowed",
                     header.e_phnum, SEGMENTS_MAX);
    if (pread(fd, segments, header.e_phnum * sizeof segments[0], (off_t)header.e_phoff) < 0)
        return TRUE;
    for (guint i = 0; i < header.e_phnum; i++) {
        guint64 size = (guint64)file.st_size;

        if (segments[i].p_type == PT_LOAD &&
            (segments[i].p_offset > size || segments[i].p_filesz > size - segments[i].p_offset))
            return fault(error, LOAD_ERROR_MODULE, plugin,
                         "the file is cut off: it has %" G_GUINT64_FORMAT
                         " bytes, its segments need more; install it again",
                         size);
    }
    return TRUE;
}

static gboolean
text_fits(const char *text, gsize max)
{
    gsize length = text == NULL ? 0 : strnlen(text, max + 1);

    return text != NULL && length <= max && g_utf8_validate_len(text, length, NULL);
}

static gboolean
vet_plugin(const errand_plugin *theirs, const char *name, errand_plugin *ours, GError **error)
{
    if (theirs->struct_size < PLUGIN_SIZE_1_0)
        return fault(error, LOAD_ERROR_CONTRACT, name,
                     "errand_plugin_v1 says it has %u bytes, at least %u are needed; "
                     "declare it with ERRAND_PLUGIN()",
                     theirs->struct_size, (guint)PLUGIN_SIZE_1_0);
    memcpy(ours, theirs, MIN(theirs->struct_size, sizeof *ours));
    if (ours->abi != ERRAND_PLUGIN_ABI)
        return fault(error, LOAD_ERROR_CONTRACT, name,
                     "it was built for ABI %u, this errand has ABI %u; build it anew", ours->abi,
                     ERRAND_PLUGIN_ABI);
    if (!text_fits(ours->name, VERSION_MAX) || strcmp(ours->name, name) != 0)
        return fault(error, LOAD_ERROR_CONTRACT, name,
                     "the module calls itself %s; name= in the manifest and ERRAND_PLUGIN() must "
                     "agree",
                     text_fits(ours->name, VERSION_MAX) ? ours->name : "nothing readable");
    if (!text_fits(ours->version, VERSION_MAX))
        return fault(error, LOAD_ERROR_CONTRACT, name,
                     "its version is missing, not UTF-8 or longer than %d bytes", VERSION_MAX);
    if (ours->operations == NULL || ours->n_operations == 0 || ours->n_operations > OPERATIONS_MAX)
        return fault(error, LOAD_ERROR_CONTRACT, name, "it has %u operations, 1 to %d are allowed",
                     ours->operations == NULL ? 0 : ours->n_operations, OPERATIONS_MAX);
    if (ours->operation_size < OPERATION_SIZE_1_0 || ours->operation_size > STRIDE_MAX ||
        ours->operation_size % sizeof(void *) != 0)
        return fault(error, LOAD_ERROR_CONTRACT, name,
                     "its operations are %u bytes each, at least %u and a multiple of %u are "
                     "needed; declare them with ERRAND_PLUGIN()",
                     ours->operation_size, (guint)OPERATION_SIZE_1_0, (guint)sizeof(void *));
    return TRUE;
}

static gboolean
find_operation(const errand_plugin *plugin, const char *wanted, errand_operation *operation,
               GError **error)
{
    for (guint32 i = 0; i < plugin->n_operations; i++) {
        const char *at = (const char *)plugin->operations + (gsize)i * plugin->operation_size;

        memset(operation, 0, sizeof *operation);
        memcpy(operation, at, MIN(plugin->operation_size, sizeof *operation));
        if (operation->name == NULL || operation->summary == NULL || operation->run == NULL)
            return fault(error, LOAD_ERROR_CONTRACT, plugin->name,
                         "operation %u has no name, no summary or no run()", i);
        if (strcmp(operation->name, wanted) == 0)
            return TRUE;
    }
    return fault(error, LOAD_ERROR_CONTRACT, plugin->name,
                 "it has no operation %s; add that to the array of ERRAND_PLUGIN(), or take it out "
                 "of operations= in the manifest",
                 wanted);
}

gboolean
load_module(int fd, const char *plugin, const char *operation, Loaded *loaded, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    const errand_plugin *exported;
    void *module;

    memset(loaded, 0, sizeof *loaded);
    if (!vet_file(fd, plugin, error))
        return FALSE;
    module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL)
        return fault(error, LOAD_ERROR_MODULE, plugin, "%s", linker_text(path));
    exported = dlsym(module, "errand_plugin_v1");
    if (exported == NULL)
        return fault(error, LOAD_ERROR_CONTRACT, plugin,
                     "it does not export errand_plugin_v1; declare it with ERRAND_PLUGIN()");
    return vet_plugin(exported, plugin, &loaded->plugin, error) &&
           find_operation(&loaded->plugin, operation, &loaded->operation, error);
}
