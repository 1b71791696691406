#include "signed-test.h"
#include "signing.h"

#include <string.h>

static SignedKeys keys;

static void
taken(const char *alg, EVP_PKEY *key, const char *kid)
{
    Gateway strict = signed_test_gateway(&keys);
    g_autofree char *header =
        g_strdup_printf("{\"typ\":\"JOSE\",\"alg\":\"%s\",\"kid\":\"%s\"}", alg, kid);
    g_autofree char *text = signing_envelope(alg, key, header, SIGNED_TEST_DOCUMENT);
    g_autoptr(Plan) plan = document_test_plan_on(&strict, text);

    g_assert_cmpstr(document_test_step(plan, 0)->input, ==, SIGNED_TEST_DOCUMENT);
}

static void
test_algorithms(void)
{
    taken("EdDSA", keys.ed25519, "ed");
    taken("ES256", keys.p256, "ec");
    taken("PS256", keys.rsa, "rsa");
    taken("RS256", keys.rsa, "rsa");
    taken("ES256", keys.p256, "certificate");
    taken("EdDSA", keys.ed25519, "plain-certificate");
}

static void
test_algorithm_fits_key(void)
{
    signed_test_header_refused(&keys, keys.p256, "ES256", "{\"alg\":\"ES256\",\"kid\":\"ed\"}",
                               "needs a P-256 key");
    signed_test_header_refused(&keys, keys.p384, "ES384", "{\"alg\":\"ES256\",\"kid\":\"ec384\"}",
                               "needs a P-256 key");
    signed_test_header_refused(&keys, keys.ed25519, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ec\"}",
                               "needs an Ed25519 key");
    signed_test_header_refused(&keys, keys.rsa, "RS256", "{\"alg\":\"RS256\",\"kid\":\"ec\"}",
                               "needs an RSA key of 2048");
    signed_test_header_refused(&keys, keys.rsa, "PS256", "{\"alg\":\"PS256\",\"kid\":\"ed\"}",
                               "needs an RSA key of 2048");
    signed_test_header_refused(&keys, keys.small_rsa, "RS256",
                               "{\"alg\":\"RS256\",\"kid\":\"small\"}", "of 2048 bits");
    signed_test_header_refused(&keys, keys.rsa, "PS256 with a short salt",
                               "{\"alg\":\"PS256\",\"kid\":\"rsa\"}",
                               "at /signature: does not fit");
    signed_test_header_refused(&keys, keys.rsa, "RS256", "{\"alg\":\"PS256\",\"kid\":\"rsa\"}",
                               "at /signature: does not fit");
    signed_test_header_refused(&keys, keys.rsa, "PS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}",
                               "at /signature: does not fit");
}

static void
test_header(void)
{
    static const char *const algs[] = {"none",  "None",   "",      "HS256", "HS512",
                                       "RS384", "ES256K", "ES512", "eddsa", "Ed25519"};
    static const char *const broken[] = {
        "",
        "[]",
        "1",
        "{",
        "{\"alg\":\"EdDSA\",\"alg\":\"none\",\"kid\":\"ed\"}",
        "{\"alg\":\"none\",\"\\u0061lg\":\"EdDSA\",\"kid\":\"ed\"}"};

    for (gsize i = 0; i < G_N_ELEMENTS(algs); i++) {
        g_autofree char *header = g_strdup_printf("{\"alg\":\"%s\",\"kid\":\"ed\"}", algs[i]);

        signed_test_header_refused(&keys, keys.ed25519, "EdDSA", header,
                                   "\"alg\" must be EdDSA, ES256, PS256 or RS256");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++)
        signed_test_header_refused(&keys, keys.ed25519, "EdDSA", broken[i],
                                   "at /protected: must encode a JSON object");
    signed_test_header_refused(&keys, keys.ed25519, "EdDSA", "{\"kid\":\"ed\"}",
                               "must have a string \"alg\"");
    signed_test_header_refused(&keys, keys.ed25519, "EdDSA", "{\"alg\":[\"EdDSA\"],\"kid\":\"ed\"}",
                               "a string \"alg\"");
    signed_test_header_refused(&keys, keys.ed25519, "EdDSA", "{\"alg\":\"EdDSA\"}",
                               "must have a string \"kid\"");
    signed_test_header_refused(&keys, keys.ed25519, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":1}",
                               "a string \"kid\"");
    signed_test_header_refused(&keys, keys.ed25519, "EdDSA",
                               "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"crit\":[\"exp\"]}",
                               "\"crit\" is not supported");
    signed_test_header_refused(&keys, keys.ed25519, "EdDSA",
                               "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"crit\":null}",
                               "\"crit\" is not supported");
}

static void
test_required(void)
{
    Gateway strict = signed_test_gateway(&keys);

    document_test_refused_on(&strict, SIGNED_TEST_DOCUMENT, PLAN_ERROR_BAD_SIGNATURE,
                             "is not signed");
    document_test_refused_on(&strict, "{\"payload\":\"e30\",\"signature\":\"AA\"}",
                             PLAN_ERROR_BAD_SIGNATURE, "is not signed");
    document_test_refused_on(&strict, "{\"steps\":", PLAN_ERROR_INVALID_DOCUMENT, "the text ends");
}

static void
test_payload(void)
{
    static const char header[] = "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}";
    g_autofree char *inner = signing_envelope("EdDSA", keys.ed25519, header, SIGNED_TEST_DOCUMENT);
    g_autofree char *nested = signing_envelope("EdDSA", keys.ed25519, header, inner);
    g_autofree char *broken = signing_envelope("EdDSA", keys.ed25519, header, "{\"operation\":");
    g_autofree char *empty = signing_envelope("EdDSA", keys.ed25519, header, "");
    g_autofree char *steps = signing_envelope(
        "EdDSA", keys.ed25519, header,
        "{\"steps\":[{\"action\":{\"type\":\"runCommand\",\"input\":{\"command\":\"\"}}}]}");
    g_autofree char *unknown =
        signing_envelope("EdDSA", keys.ed25519, header, "{\"operation\":\"dance\"}");

    signed_test_refused(&keys, nested, PLAN_ERROR_INVALID_DOCUMENT, "is itself a signed document");
    signed_test_refused(&keys, broken, PLAN_ERROR_INVALID_DOCUMENT, "the text ends");
    signed_test_refused(&keys, empty, PLAN_ERROR_INVALID_DOCUMENT, "has 0 bytes");
    signed_test_refused(&keys, steps, PLAN_ERROR_INVALID_DOCUMENT,
                        "at /steps/0/action/input/command: ");
    signed_test_refused(&keys, unknown, PLAN_ERROR_UNKNOWN_OPERATION, "\"dance\"");
}

/* What is not signed must not matter, or must be refused. */
static void
test_beside(void)
{
    Gateway strict = signed_test_gateway(&keys);
    g_autofree char *good = signing_envelope(
        "EdDSA", keys.ed25519, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", SIGNED_TEST_DOCUMENT);
    g_autofree char *more = g_strdup_printf("{\"operation\":\"shell\",\"steps\":[],%s", good + 1);
    g_autofree char *header = g_strdup_printf("{\"header\":{\"kid\":\"x\"},%s", good + 1);
    g_autofree char *general = g_strdup_printf("{\"signatures\":[],%s", good + 1);
    g_autoptr(Plan) plan = document_test_plan_on(&strict, more);

    document_test_step_is(plan, 0, "reboot", SIGNED_TEST_DOCUMENT);
    signed_test_refused(&keys, header, PLAN_ERROR_BAD_SIGNATURE,
                        "must not have \"header\" or \"signatures\"");
    signed_test_refused(&keys, general, PLAN_ERROR_BAD_SIGNATURE,
                        "must not have \"header\" or \"signatures\"");
}

static void
test_types(void)
{
    signed_test_refused(&keys, "{\"payload\":null,\"protected\":\"\",\"signature\":\"\"}",
                        PLAN_ERROR_BAD_SIGNATURE, "at /payload: must be a string in base64url");
    signed_test_refused(&keys, "{\"payload\":\"e30\",\"protected\":{},\"signature\":\"\"}",
                        PLAN_ERROR_BAD_SIGNATURE, "at /protected: must be a string in base64url");
    signed_test_refused(&keys, "{\"payload\":\"e30\",\"protected\":\"e30\",\"signature\":[1]}",
                        PLAN_ERROR_BAD_SIGNATURE, "at /signature: must be a string in base64url");
    signed_test_refused(&keys, "{\"payload\":\"e30=\",\"protected\":\"e30\",\"signature\":\"\"}",
                        PLAN_ERROR_BAD_SIGNATURE, "at /payload: must be a string in base64url");
}

/* Every letter of every part replaced: never taken. */
static void
tamper(const char *alg, EVP_PKEY *key, const char *kid)
{
    g_autofree char *header = g_strdup_printf("{\"alg\":\"%s\",\"kid\":\"%s\"}", alg, kid);
    g_autofree char *text = signing_envelope(alg, key, header, SIGNED_TEST_DOCUMENT);
    Gateway strict = signed_test_gateway(&keys);

    plan_free(document_test_plan_on(&strict, text));
    for (gsize i = 0; text[i] != '\0'; i++) {
        g_autofree char *changed = g_strdup(text);
        g_autoptr(GError) error = NULL;

        changed[i] = text[i] == 'A' ? 'B' : 'A';
        g_assert_null(plan_parse(changed, strlen(changed), &strict.context, &error));
        g_assert_nonnull(error);
    }
}

static void
test_tampering(void)
{
    tamper("EdDSA", keys.ed25519, "ed");
    tamper("ES256", keys.p256, "ec");
    tamper("PS256", keys.rsa, "rsa");
    tamper("RS256", keys.rsa, "rsa");
}

static void
test_signature_sizes(void)
{
    static const char *const signatures[] = {"", "AA", "AAAA"};
    static const char *const headers[] = {
        "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", "{\"alg\":\"ES256\",\"kid\":\"ec\"}",
        "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}"};
    g_autofree guint8 *zeros = g_new0(guint8, 600);

    for (gsize i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_autofree char *header = signing_encode(headers[i], strlen(headers[i]));

        for (gsize j = 0; j < G_N_ELEMENTS(signatures) + 4; j++) {
            static const gsize sizes[] = {63, 64, 65, 600};
            g_autofree char *zero = signing_encode(zeros, j < 3 ? 0 : sizes[j - 3]);
            g_autofree char *text =
                g_strdup_printf("{\"payload\":\"e30\",\"protected\":\"%s\",\"signature\":\"%s\"}",
                                header, j < 3 ? signatures[j] : zero);

            signed_test_refused(&keys, text, PLAN_ERROR_BAD_SIGNATURE,
                                "at /signature: does not fit");
        }
    }
}

int
main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    signed_test_make_keys(&keys);
    g_test_add_func("/signed/takes-the-four-algorithms", test_algorithms);
    g_test_add_func("/signed/algorithm-must-fit-the-key", test_algorithm_fits_key);
    g_test_add_func("/signed/refuses-bad-headers", test_header);
    g_test_add_func("/signed/unsigned-is-refused-when-required", test_required);
    g_test_add_func("/signed/payload-is-read-as-any-document", test_payload);
    g_test_add_func("/signed/ignores-or-refuses-what-is-not-signed", test_beside);
    g_test_add_func("/signed/refuses-parts-of-wrong-type", test_types);
    g_test_add_func("/signed/notices-every-changed-letter", test_tampering);
    g_test_add_func("/signed/refuses-signatures-of-wrong-size", test_signature_sizes);
    result = g_test_run();
    signed_test_remove_keys(&keys);
    return result;
}
