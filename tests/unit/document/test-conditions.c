#include "document-test.h"

static void
test_conditions(void)
{
    static const struct {
        const char *conditions;
        int code; /* -1: taken */
        const char *part;
    } cases[] = {
        {"null", -1, NULL},
        {"[]", -1, NULL},
        {"[{\"key\":\"operatingSystem\",\"value\":[\"a\",\"debian\"]}]", -1, NULL},
        {"[{\"key\":\"operatingSystem\",\"value\":\"debian\",\"type\":\"\"}]", -1, NULL},
        {"[{\"key\":\"OS\",\"value\":[\"a\"],\"type\":\"what\"}]", -1, NULL},
        {"[{\"key\":\"OS\",\"value\":[\"a\"]},{\"key\":\"operatingSystem\",\"value\":[\"b\",\"c\"]}"
         "]",
         PLAN_ERROR_CONDITION_NOT_MET,
         "at /conditions/1: \"operatingSystem\" of this gateway is \"debian\", the document is for "
         "\"b, c\""},
        {"[{\"key\":\"operatingSystem\",\"value\":[\"debian\"],\"type\":\"stringNotEqual\"}]",
         PLAN_ERROR_INVALID_DOCUMENT, "at /conditions/0/type: must be \"stringEqual\""},
        {"{}", PLAN_ERROR_INVALID_DOCUMENT, "at /conditions: must be an array"},
        {"[1]", PLAN_ERROR_INVALID_DOCUMENT, "at /conditions/0: must be an object"},
        {"[{\"value\":[\"a\"]}]", PLAN_ERROR_INVALID_DOCUMENT,
         "at /conditions/0: a condition must"},
        {"[{\"key\":\"a\"}]", PLAN_ERROR_INVALID_DOCUMENT, "at /conditions/0/value: must be an"},
        {"[{\"key\":\"a\",\"value\":[]}]", PLAN_ERROR_INVALID_DOCUMENT,
         "at /conditions/0/value: must hold at least one"},
        {"[{\"key\":\"a\",\"value\":[\"x\",3]}]", PLAN_ERROR_INVALID_DOCUMENT,
         "at /conditions/0/value/1: must be a string"},
        {"[{\"key\":\"a\",\"value\":{}}]", PLAN_ERROR_INVALID_DOCUMENT,
         "at /conditions/0/value: must be a string"},
        {"[{\"key\":4,\"value\":[\"x\"]}]", PLAN_ERROR_INVALID_DOCUMENT,
         "at /conditions/0/key: must be a string"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Gateway gateway = {.os = "debian"};
        g_autofree char *text =
            g_strdup_printf("{\"conditions\":%s,\"steps\":[{\"action\":{\"type\":\"reboot\"}}]}",
                            cases[i].conditions);

        if (cases[i].code < 0)
            plan_free(document_test_plan_on(&gateway, text));
        else
            document_test_refused_on(&gateway, text, (PlanError)cases[i].code, cases[i].part);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/conditions/all-must-hold", test_conditions);
    return g_test_run();
}
