#include "trust.h"

#include "fault.h"
#include "input.h"
#include "text.h"
#include "vet.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

#define TRUST_NAME_MAX 64
#define TRUST_FILE_MAX (64 * 1024) /* bytes; a certificate with its chain has less than 10 K */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

/* Without it OpenSSL would ask on the terminal. */
static int
trust_no_password(char *buffer, int size, int writing, void *user_data)
{
    return -1;
}

static EVP_PKEY *
trust_from_certificate(BIO *pem)
{
    g_autoptr(X509) certificate = PEM_read_bio_X509(pem, NULL, trust_no_password, NULL);

    /* X509_get_key_usage() answers with all bits set when the extension is absent. */
    if (certificate == NULL || (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) == 0)
        return NULL;
    return X509_get_pubkey(certificate);
}

static EVP_PKEY *
trust_from_pem(const char *text, gsize length)
{
    g_autoptr(BIO) pem = BIO_new_mem_buf(text, (int)length);
    EVP_PKEY *key = NULL;

    if (pem == NULL)
        return NULL;
    key = PEM_read_bio_PUBKEY(pem, NULL, trust_no_password, NULL);
    if (key == NULL && BIO_reset(pem) == 1)
        key = trust_from_certificate(pem);
    ERR_clear_error();
    return key;
}

static EVP_PKEY *
trust_load(int fd, const char *directory, const char *file, GError **error)
{
    gsize length = 0;
    g_autofree char *text = input_read(fd, TRUST_FILE_MAX, &length);
    EVP_PKEY *key = NULL;

    if (text == NULL) {
        fault_set(error, PLAN_ERROR_BAD_SIGNATURE, "", "the key %s/%s cannot be read: %s",
                  directory, file, g_strerror(errno));
        return NULL;
    }
    if (length <= TRUST_FILE_MAX)
        key = trust_from_pem(text, length);
    if (key == NULL)
        fault_set(error, PLAN_ERROR_BAD_SIGNATURE, "",
                  "%s/%s must hold a public key in PEM, or a certificate that allows digital "
                  "signatures",
                  directory, file);
    return key;
}

EVP_PKEY *
trust_find(const char *directory, const char *name, GError **error)
{
    g_autoptr(GError) fault = NULL;
    g_autofree char *file = NULL;
    EVP_PKEY *key;
    int fd;

    if (!text_is_name(name, "_-", TRUST_NAME_MAX)) {
        g_autofree char *quoted = fault_quote(name);

        fault_set(error, PLAN_ERROR_BAD_SIGNATURE, "/protected",
                  "\"kid\" must be 1 to 64 of A-Z a-z 0-9 _ -, found %s", quoted);
        return NULL;
    }
    if (directory == NULL || *directory == '\0') {
        fault_set(error, PLAN_ERROR_BAD_SIGNATURE, "/protected",
                  "is signed by \"%s\", but no [trust] directory is configured", name);
        return NULL;
    }
    file = g_strconcat(name, ".pem", NULL);
    fd = vet_open(directory, file, &fault);
    if (fd < 0) {
        fault_set(error, PLAN_ERROR_BAD_SIGNATURE, "/protected",
                  "is signed by \"%s\", and that key cannot be used: %s", name, fault->message);
        return NULL;
    }
    key = trust_load(fd, directory, file, error);
    close(fd);
    return key;
}
