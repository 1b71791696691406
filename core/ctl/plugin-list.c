#include "plugin-list.h"

#include "registry.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <sysexits.h>

static gboolean
is_enabled(const Config *config, const char *operation)
{
    const char *const *enabled = (const char *const *)config->dispatcher.enabled;

    return g_strv_contains(enabled, "*") || g_strv_contains(enabled, operation);
}

static void
print_plugin(const Manifest *manifest, const Config *config)
{
    g_autoptr(GString) operations = g_string_new(NULL);

    for (gsize i = 0; manifest->operations[i] != NULL; i++)
        g_string_append_printf(operations, "%s%s%s", i > 0 ? ", " : "", manifest->operations[i],
                               is_enabled(config, manifest->operations[i]) ? "" : " (not enabled)");
    printf("%-12s %s/%s: %s\n", manifest->name, manifest->directory, manifest->module,
           operations->str);
}

static void
add_text(JsonBuilder *builder, const char *name, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, valid);
}

static void
add_plugin(JsonBuilder *builder, const Manifest *manifest, const Config *config)
{
    g_autofree char *module = g_build_filename(manifest->directory, manifest->module, NULL);

    json_builder_begin_object(builder);
    add_text(builder, "name", manifest->name);
    add_text(builder, "module", module);
    json_builder_set_member_name(builder, "operations");
    json_builder_begin_array(builder);
    for (gsize i = 0; manifest->operations[i] != NULL; i++) {
        json_builder_begin_object(builder);
        add_text(builder, "name", manifest->operations[i]);
        json_builder_set_member_name(builder, "enabled");
        json_builder_add_boolean_value(builder, is_enabled(config, manifest->operations[i]));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void
print_json(GPtrArray *manifests, const Config *config)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "plugins");
    json_builder_begin_array(builder);
    for (guint i = 0; i < manifests->len; i++)
        add_plugin(builder, manifests->pdata[i], config);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    printf("%s\n", text);
}

int
plugin_list(const Config *config, gboolean json)
{
    g_autoptr(Registry) registry = registry_new((const char *const *)config->plugin_directories);
    GPtrArray *manifests;

    registry_scan(registry);
    manifests = registry_manifests(registry);
    if (json)
        print_json(manifests, config);
    for (guint i = 0; !json && i < manifests->len; i++)
        print_plugin(manifests->pdata[i], config);
    for (guint i = 0; i < registry_faults(registry)->len; i++)
        fprintf(stderr, "errandctl: %s\n", (const char *)registry_faults(registry)->pdata[i]);
    return registry_faults(registry)->len == 0 ? EX_OK : 1;
}
