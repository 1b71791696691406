/* From the text of a job document to a plan: the list of steps to run, or a reason to reject it.
 *
 * Every dialect users already have is understood: plain `operation` documents, AWS IoT Device
 * Client step documents and the AWS managed templates, Device Client legacy documents, documents
 * claimed by a top-level key (afr_ota), and any of these wrapped in a JWS. What the text cannot
 * tell (which operations exist, which handler files) is asked through PlanContext, so this stays
 * pure but for reading key files. Whether an operation is *enabled* is not decided here.
 *
 * Errors: PLAN_ERROR; plan_error_reason() gives the `reason` word. Ownership: a Plan owns its
 * members.
 */
#pragma once

#include <glib.h>

/* Bytes: the limit of an MQTT payload. A document has 32,768 as stored, more once URLs are
 * substituted. */
#define PLAN_DOCUMENT_MAX  (128 * 1024)
#define PLAN_DEPTH_MAX     32 /* nesting of the JSON */
#define PLAN_STEPS_MAX     64
#define PLAN_NAME_MAX      1024 /* bytes of a step's name, which is told in a detail of that size */
#define PLAN_USER_MAX      256  /* bytes of an account's name; Linux has 32, directories more */
/* The longest the service lets a step timer run: 10080 minutes. */
#define PLAN_TIMEOUT_MAX_S (7 * 24 * 3600)

#define PLAN_ERROR (plan_error_quark())
GQuark plan_error_quark(void);
typedef enum {
    PLAN_ERROR_INVALID_DOCUMENT,
    PLAN_ERROR_UNKNOWN_OPERATION,
    PLAN_ERROR_NOT_ALLOWED,
    PLAN_ERROR_BAD_SIGNATURE,
    PLAN_ERROR_CONDITION_NOT_MET,
} PlanError;
/* "invalid-document" and so on; "internal" for a foreign error. */
const char *plan_error_reason(const GError *error);

typedef struct {
    char *name;      /* for people: "Download-File"; the operation when the document gives none */
    char *operation; /* what the registry knows */
    char *input;     /* JSON text of the operation's document, an object */
    char *user;      /* account asked for, or NULL */
    guint timeout_s; /* 0: the default */
    gboolean ignore_failure; /* a failure of this step does not fail the job */
} PlanStep;

typedef struct {
    GPtrArray *steps;        /* PlanStep *, 1..PLAN_STEPS_MAX */
    gboolean is_steps;       /* written as a step document: report "2/3 NAME" */
    gboolean include_stdout; /* also of a success; unless the document says no, as the Device Client
                                does */
} Plan;

typedef struct {
    /* Whether some plugin serves the operation. */
    gboolean (*knows_operation)(const char *operation, gpointer user_data);
    /* The operation claimed for a top-level key ("afr_ota"), or NULL. */
    const char *(*operation_for_key)(const char *key, gpointer user_data);
    /* Whether the owner's handler directories have an executable of that name. */
    gboolean (*has_handler)(const char *name, gpointer user_data);
    /* Facts for `conditions` ("operatingSystem" -> "debian"); NULL when unknown: such a condition
     * is passed. */
    const char *(*fact)(const char *key, gpointer user_data);
    gpointer user_data;
    const char *trust_directory; /* NAME.pem */
    gboolean require_signed;
} PlanContext;

void plan_free(Plan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/* text need not be NUL-terminated. A JSON string that holds the document, as the HTTPS side of the
 * service writes it, is as good as the document. */
Plan *plan_parse(const char *text, gsize length, const PlanContext *context,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
