#include "signature-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

void
fixture_content(Fixture *self, const void *data, gsize length)
{
    g_clear_pointer(&self->content, g_bytes_unref);
    self->content = g_bytes_new(data, length);
    g_assert_cmpint(ftruncate(self->fd, 0), ==, 0);
    g_assert_cmpint(pwrite(self->fd, data, length, 0), ==, (gssize)length);
}

void
fixture_up(Fixture *self, gconstpointer data)
{
    g_autofree char *file = NULL;

    self->trust = g_dir_make_tmp("errand-trust-XXXXXX", NULL);
    self->fd = g_file_open_tmp("errand-signed-XXXXXX", &file, NULL);
    g_unlink(file);
    fixture_content(self, CONTENT, strlen(CONTENT));
}

void
fixture_down(Fixture *self, gconstpointer data)
{
    g_autoptr(GDir) list = g_dir_open(self->trust, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(list)) != NULL) {
        g_autofree char *path = g_build_filename(self->trust, name, NULL);

        if (g_unlink(path) != 0)
            g_rmdir(path);
    }
    g_rmdir(self->trust);
    g_free(self->trust);
    g_bytes_unref(self->content);
    close(self->fd);
}

FakeHost *
fixture_host(Fixture *self, const char *document)
{
    FakeHost *host = fake_host_new("download", "download", document);

    fake_host_set(host, "trust-directory", self->trust);
    return host;
}

FakeHost *
fixture_format(Fixture *self, const char *format, ...)
{
    g_autofree char *document = NULL;
    va_list args;

    va_start(args, format);
    document = g_strdup_vprintf(format, args);
    va_end(args);
    return fixture_host(self, document);
}

FakeHost *
fixture_codesign(Fixture *self, const char *algorithm, const char *signature, const char *more)
{
    return fixture_format(self, "{'codesign':{'signature':'%s','signatureAlgorithm':'%s'}%s}",
                          signature, algorithm, more);
}

int32_t
fixture_verify(Fixture *self, FakeHost *host, Signature *signature)
{
    const char *hash = signature_hash(signature);
    guint8 digest[64];
    gsize length = sizeof digest;
    g_autoptr(GChecksum) sum = NULL;

    if (hash == NULL)
        return signature_verify(&host->job, signature, self->fd, NULL, 0);
    sum = g_checksum_new(g_str_equal(hash, "SHA1") ? G_CHECKSUM_SHA1 : G_CHECKSUM_SHA256);
    g_checksum_update(sum, g_bytes_get_data(self->content, NULL),
                      (gssize)g_bytes_get_size(self->content));
    g_checksum_get_digest(sum, digest, &length);
    return signature_verify(&host->job, signature, self->fd, digest, length);
}

int32_t
fixture_check_at(Fixture *self, FakeHost *host, const char *pointer, const char *signer)
{
    Signature *signature;
    int32_t verdict;

    g_clear_pointer(&host->reason, g_free);
    verdict = signature_read(&host->job, "download", pointer, signer, &signature);
    if (verdict == ERRAND_SUCCEEDED) {
        g_assert_nonnull(signature);
        verdict = fixture_verify(self, host, signature);
    } else {
        g_assert_null(signature);
    }
    signature_free(signature);
    return verdict;
}

int32_t
fixture_check(Fixture *self, FakeHost *host)
{
    return fixture_check_at(self, host, "/codesign", "/signer");
}
