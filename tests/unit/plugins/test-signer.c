/* Who may sign, and documents that nobody could verify. */
#include "signature-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Usages of the certificate; NULL reason: it may sign files. */
static void
test_usages(Fixture *self, gconstpointer data)
{
    static const struct {
        const char *usage, *extended, *reason;
    } cases[] = {
        {"digitalSignature", "codeSigning", NULL},
        {"critical,digitalSignature,keyCertSign", "serverAuth,codeSigning", NULL},
        {"digitalSignature", "", NULL},
        {"", "codeSigning", NULL},
        {"", "", NULL},
        {"keyEncipherment", "codeSigning", "bad-signature"},
        {"keyCertSign", "", "bad-signature"},
        {"digitalSignature", "serverAuth", "bad-signature"},
        {"digitalSignature", "anyExtendedKeyUsage", "bad-signature"},
    };
    EVP_PKEY *key = signer_key("P-256", 1);
    g_autofree char *signature = signer_sign(key, "SHA256", self->content);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        int32_t expected = cases[i].reason == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED;
        g_autoptr(FakeHost) host =
            fixture_codesign(self, "SHA256withECDSA", signature, ",'signer':'prod'");
        g_autoptr(FakeHost) any = fixture_codesign(self, "SHA256withECDSA", signature, "");

        g_test_message("%s / %s", cases[i].usage, cases[i].extended);
        signer_trust(self->trust, "prod", key, cases[i].usage, cases[i].extended);
        fake_host_assert(host, fixture_check(self, host), expected, cases[i].reason);
        fake_host_assert(any, fixture_check(self, any), expected, cases[i].reason);
    }
}

/* Each is refused before a byte of the file is asked for. */
static void
test_refused(Fixture *self, gconstpointer data)
{
    static const char *const cases[] = {
        "'codesign':7",
        "'codesign':[]",
        "'codesign':{}",
        "'codesign':{'signature':'GOOD'}",
        "'codesign':{'signatureAlgorithm':'SHA256withECDSA'}",
        "'codesign':{'signature':7,'signatureAlgorithm':'SHA256withECDSA'}",
        "'codesign':{'signature':'GOOD','signatureAlgorithm':7}",
        "'codesign':{'signature':'GOOD','signatureAlgorithm':'SHA512withECDSA'}",
        "'codesign':{'signature':'GOOD','signatureAlgorithm':'sha256withecdsa'}",
        "'codesign':{'signature':'GOOD','signatureAlgorithm':'SHA1withECDSA'}",
        "'codesign':{'signature':'GOOD','signatureAlgorithm':'SHA256withECDSA',"
        "'rawPayloadSize':-1}",
        "'codesign':{'signature':'GOOD','signatureAlgorithm':'SHA256withECDSA',"
        "'rawPayloadSize':'23'}",
        "'codesign':{'signature':'GOOD ','signatureAlgorithm':'SHA256withECDSA'}",
        "'codesign':{'signature':'','signatureAlgorithm':'SHA256withECDSA'}",
        "'codesign':{'signature':'dummy','signatureAlgorithm':'SHA256withECDSA'}",
        "'codesign':{'signature':'AB==','signatureAlgorithm':'SHA256withECDSA'}",
        "'codesign':{'signature':'A===','signatureAlgorithm':'SHA256withECDSA'}",
        "'codesign':{'signature':'AA=A','signatureAlgorithm':'SHA256withECDSA'}",
        "'codesign':{'signature':'AA_-','signatureAlgorithm':'SHA256withECDSA'}",
        "'signer':'prod'",
        "'codesign':{OK},'signer':'nobody'",
        "'codesign':{OK},'signer':''",
        "'codesign':{OK},'signer':7",
        "'codesign':{OK},'signer':'..'",
        "'codesign':{OK},'signer':'.hidden'",
        "'codesign':{OK},'signer':'prod/'",
        "'codesign':{OK},'signer':'pr od'",
        "'codesign':{OK},'signer':'12345678901234567890123456789012345678901234567890123456789"
        "012345'",
    };
    EVP_PKEY *key = signer_key("P-256", 1);
    g_autofree char *signature = signer_sign(key, "SHA256", self->content);

    signer_trust(self->trust, "prod", key, NULL, NULL);
    signer_trust(self->trust, ".hidden", key, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(FakeHost) host = NULL;

        g_string_printf(text, "{%s}", cases[i]);
        g_string_replace(text, "OK", "'signature':'GOOD','signatureAlgorithm':'SHA256withECDSA'",
                         0);
        g_string_replace(text, "GOOD", signature, 0);
        g_test_message("%s", text->str);
        host = fixture_host(self, text->str);
        fake_host_assert(host, fixture_check(self, host), ERRAND_REJECTED, "bad-signature");
    }
}

/* A path of another device names the same signer, and nothing is opened by it. */
static void
test_names(Fixture *self, gconstpointer data)
{
    static const char *const names[] = {"prod", "prod.pem", "/etc/pki/prod.crt", "../prod"};
    EVP_PKEY *key = signer_key("P-256", 1);
    g_autofree char *signature = signer_sign(key, "SHA256", self->content);

    signer_trust(self->trust, "prod", key, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *more = g_strdup_printf(",'signer':'%s'", names[i]);
        g_autoptr(FakeHost) host = fixture_codesign(self, "SHA256withECDSA", signature, more);

        fake_host_assert(host, fixture_check(self, host), ERRAND_SUCCEEDED, NULL);
    }
}

static void
test_settings(Fixture *self, gconstpointer data)
{
    g_autoptr(FakeHost) host = fixture_host(self, "{'operation':'download'}");
    Signature *signature;

    fake_host_assert(host,
                     signature_read(&host->job, "download", "/codesign", "/signer", &signature),
                     ERRAND_SUCCEEDED, NULL);
    g_assert_null(signature);
    fake_host_set(host, "require-signature", "true");
    fake_host_assert(host, fixture_check(self, host), ERRAND_REJECTED, "bad-signature");
    g_assert_nonnull(strstr(host->message, "require-signature"));
    fake_host_set(host, "require-signature", "yes");
    fake_host_assert(host, fixture_check(self, host), ERRAND_REJECTED, "internal");
    fake_host_set(host, "require-signature", "false");
    fake_host_set(host, "allow-sha1", "maybe");
    fake_host_assert(host, fixture_check(self, host), ERRAND_REJECTED, "internal");
}

static void
chmod_in(Fixture *self, const char *name, mode_t mode)
{
    g_autofree char *path = g_build_filename(self->trust, name, NULL);

    g_assert_cmpint(chmod(path, mode), ==, 0);
}

/* Keys that somebody else could have put there. */
static void
test_untrusted_keys(Fixture *self, gconstpointer data)
{
    EVP_PKEY *key = signer_key("P-256", 1);
    g_autofree char *signature = signer_sign(key, "SHA256", self->content);
    g_autofree char *path = g_build_filename(self->trust, "prod.pem", NULL);
    g_autofree char *other = g_build_filename(self->trust, "elsewhere", NULL);
    g_autoptr(FakeHost) named =
        fixture_codesign(self, "SHA256withECDSA", signature, ",'signer':'prod'");
    g_autoptr(FakeHost) any = fixture_codesign(self, "SHA256withECDSA", signature, "");
    FakeHost *both[] = {named, any};

    for (guint i = 0; i < G_N_ELEMENTS(both); i++) {
        FakeHost *host = both[i];

        signer_trust(self->trust, "prod", key, NULL, NULL);
        fake_host_assert(host, fixture_check(self, host), ERRAND_SUCCEEDED, NULL);
        chmod_in(self, "prod.pem", 0664);
        fake_host_assert(host, fixture_check(self, host), ERRAND_REJECTED, "bad-signature");
        g_assert_nonnull(strstr(host->message, "chmod"));
        chmod_in(self, "prod.pem", 0644);
        chmod_in(self, ".", 0777);
        fake_host_assert(host, fixture_check(self, host), ERRAND_REJECTED, "bad-signature");
        chmod_in(self, ".", 0700);
        if (geteuid() == 0) {
            g_assert_cmpint(chown(path, 12345, 0), ==, 0);
            fake_host_assert(host, fixture_check(self, host), ERRAND_REJECTED, "bad-signature");
        }
        g_assert_cmpint(g_rename(path, other), ==, 0);
        g_assert_cmpint(symlink(other, path), ==, 0);
        fake_host_assert(host, fixture_check(self, host), ERRAND_REJECTED, "bad-signature");
        g_unlink(path);
        g_assert_cmpint(mkfifo(path, 0600), ==, 0);
        fake_host_assert(host, fixture_check(self, host), ERRAND_REJECTED, "bad-signature");
        g_unlink(path);
        g_assert_true(g_file_set_contents(path, "-----BEGIN PUBLIC KEY-----\n", -1, NULL));
        fake_host_assert(host, fixture_check(self, host), ERRAND_REJECTED, "bad-signature");
        g_unlink(path);
        g_unlink(other);
    }
}

/* The directory itself: missing, unset, relative, reached over links. */
static void
test_directory(Fixture *self, gconstpointer data)
{
    EVP_PKEY *key = signer_key("P-256", 1);
    g_autofree char *signature = signer_sign(key, "SHA256", self->content);
    g_autofree char *link = g_strconcat(self->trust, "-link", NULL);
    g_autofree char *inside = g_build_filename(link, "sub", NULL);
    g_autofree char *sub = g_build_filename(self->trust, "sub", NULL);
    g_autofree char *file = g_build_filename(sub, "prod.pem", NULL);
    const char *bad[] = {"", "/nonexistent", "relative", link};
    g_autoptr(FakeHost) host = fixture_codesign(self, "SHA256withECDSA", signature, "");

    g_assert_cmpint(symlink(self->trust, link), ==, 0);
    g_assert_cmpint(g_mkdir(sub, 0755), ==, 0);
    signer_trust(self->trust, "prod", key, NULL, NULL);
    signer_trust(sub, "prod", key, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        fake_host_set(host, "trust-directory", bad[i]);
        fake_host_assert(host, fixture_check(self, host), ERRAND_REJECTED, "bad-signature");
    }
    fake_host_set(host, "trust-directory", inside);
    fake_host_assert(host, fixture_check(self, host), ERRAND_SUCCEEDED, NULL);
    g_unlink(file);
    g_unlink(link);
}

static void
test_too_many_keys(Fixture *self, gconstpointer data)
{
    EVP_PKEY *key = signer_key("P-256", 1);
    g_autofree char *signature = signer_sign(key, "SHA256", self->content);
    g_autoptr(FakeHost) named =
        fixture_codesign(self, "SHA256withECDSA", signature, ",'signer':'key-7'");
    g_autoptr(FakeHost) any = fixture_codesign(self, "SHA256withECDSA", signature, "");

    for (guint i = 0; i <= 32; i++) {
        g_autofree char *name = g_strdup_printf("key-%u", i);

        if (i == 32)
            fake_host_assert(any, fixture_check(self, any), ERRAND_SUCCEEDED, NULL);
        signer_trust(self->trust, name, key, NULL, NULL);
    }
    fake_host_assert(any, fixture_check(self, any), ERRAND_REJECTED, "bad-signature");
    fake_host_assert(named, fixture_check(self, named), ERRAND_SUCCEEDED, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    FIXTURE_ADD("usages", test_usages);
    FIXTURE_ADD("refused", test_refused);
    FIXTURE_ADD("names", test_names);
    FIXTURE_ADD("settings", test_settings);
    FIXTURE_ADD("untrusted-keys", test_untrusted_keys);
    FIXTURE_ADD("directory", test_directory);
    FIXTURE_ADD("too-many-keys", test_too_many_keys);
    return g_test_run();
}
