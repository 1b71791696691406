#include "dispatcher-private.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
knows_operation(const char *operation, gpointer user_data)
{
    const Dispatcher *dispatcher = user_data;

    return registry_lookup(dispatcher->registry, operation) != NULL;
}

static const char *
operation_for_key(const char *key, gpointer user_data)
{
    const Dispatcher *dispatcher = user_data;
    const Manifest *manifest = registry_lookup_key(dispatcher->registry, key);

    return manifest ? manifest->operations[0] : NULL;
}

static gboolean
has_handler(const char *name, gpointer user_data)
{
    const Dispatcher *dispatcher = user_data;
    char **directories = dispatcher->options->handler_directories;

    if (!*name || name[0] == '.' || strchr(name, '/')) {
        return FALSE;
    }
    for (gsize i = 0; directories && directories[i]; i++) {
        g_autofree char *path = g_build_filename(directories[i], name, NULL);
        struct stat info;

        if (stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

/* What os-release calls the system is what an operator writes into a condition. */
static const char *
fact(const char *key, gpointer user_data)
{
    g_autofree char *value = NULL;

    if (strcmp(key, "operatingSystem") != 0) {
        return NULL;
    }
    value = g_get_os_info(G_OS_INFO_KEY_ID);
    return value ? g_intern_string(value) : NULL;
}

static Plan *
parse(Dispatcher *dispatcher, const char *document, GError **error)
{
    const PlanContext context = {
        .knows_operation = knows_operation,
        .operation_for_key = operation_for_key,
        .has_handler = has_handler,
        .fact = fact,
        .user_data = dispatcher,
        .trust_directory = dispatcher->options->trust_directory,
        .require_signed = dispatcher->options->require_signed,
    };

    if (!document) {
        g_set_error(error, PLAN_ERROR, PLAN_ERROR_INVALID_DOCUMENT,
                    "the execution came without a job document");
        return NULL;
    }
    return plan_parse(document, strlen(document), &context, error);
}

static gboolean
is_enabled(const Dispatcher *dispatcher, const char *operation)
{
    char **enabled = dispatcher->options->enabled;

    for (gsize i = 0; enabled && enabled[i]; i++) {
        if (strcmp(enabled[i], "*") == 0 || strcmp(enabled[i], operation) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
check_step(Job *self, const PlanStep *step, GError **error)
{
    const Manifest *manifest = registry_lookup(self->owner->registry, step->operation);

    if (!manifest) {
        g_set_error(error, PLAN_ERROR, PLAN_ERROR_UNKNOWN_OPERATION,
                    "no plugin here serves operation %s", step->operation);
        return FALSE;
    }
    if (!is_enabled(self->owner, step->operation)) {
        g_set_error(error, PLAN_ERROR, PLAN_ERROR_NOT_ALLOWED,
                    "operation %s is not enabled here; [operations] enabled= in errand.conf is the "
                    "place",
                    step->operation);
        return FALSE;
    }
    self->exclusive = self->exclusive || manifest->exclusive;
    return TRUE;
}

static void
scan(const Job *self)
{
    if (registry_scan(self->owner->registry)) {
        registry_log_faults(self->owner->registry);
    }
}

gboolean
job_plan(Job *self, const char **reason, gboolean *ignore, GError **error)
{
    g_autoptr(GError) fault = NULL;
    g_autoptr(Plan) plan = NULL;

    scan(self);
    plan = parse(self->owner, self->record->document, &fault);
    for (guint i = 0; plan && !fault && i < plan->steps->len; i++) {
        check_step(self, plan->steps->pdata[i], &fault);
    }
    if (!fault) {
        self->plan = g_steal_pointer(&plan);
        return TRUE;
    }
    *reason = plan_error_reason(fault);
    *ignore = self->owner->options->ignore_unknown &&
              g_error_matches(fault, PLAN_ERROR, PLAN_ERROR_UNKNOWN_OPERATION);
    g_propagate_error(error, g_steal_pointer(&fault));
    return FALSE;
}

void
job_plan_loosely(Job *self)
{
    scan(self);
    self->plan = parse(self->owner, self->record->document, NULL);
}

static gboolean
is_same_plan(const Plan *one, const Plan *two)
{
    if (one->steps->len != two->steps->len) {
        return FALSE;
    }
    for (guint i = 0; i < one->steps->len; i++) {
        const PlanStep *a = one->steps->pdata[i];
        const PlanStep *b = two->steps->pdata[i];

        if (strcmp(a->operation, b->operation) != 0 || g_strcmp0(a->user, b->user) != 0) {
            return FALSE;
        }
    }
    return TRUE;
}

Plan *
job_plan_again(Job *self, const char *document)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = parse(self->owner, document, &error);

    if (plan && self->plan && is_same_plan(plan, self->plan)) {
        return g_steal_pointer(&plan);
    }
    log_job(G_LOG_LEVEL_WARNING, self->record->id->job_id,
            "the document delivered anew is not the one that was checked (%s): going on with that",
            error ? error->message : "other steps");
    return NULL;
}
