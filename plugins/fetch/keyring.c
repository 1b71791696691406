#include "keyring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (64 * 1024) /* bytes; a certificate with its chain has less than 10 K */
#define ENDING   ".pem"

bool
keyring_name(const char *text, char name[KEYRING_NAME_SIZE])
{
    const char *slash = strrchr(text, '/');
    const char *start = slash != NULL ? slash + 1 : text;
    size_t length = strlen(start);

    if (length > 4 &&
        (strcmp(start + length - 4, ENDING) == 0 || strcmp(start + length - 4, ".crt") == 0))
        length -= 4;
    if (length == 0 || length >= KEYRING_NAME_SIZE || *start == '.')
        return false;
    memcpy(name, start, length);
    name[length] = '\0';
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
           length;
}

/* Without it OpenSSL would ask on the terminal. */
static int
no_password(char *buffer, int size, int writing, void *user_data)
{
    return -1;
}

/* OpenSSL answers with all bits set for an extension that is absent, with none for one that it
 * cannot read. */
static EVP_PKEY *
from_certificate(X509 *certificate, const char **why)
{
    if ((X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) == 0)
        *why = "is a certificate whose key usage does not allow digital signatures";
    else if ((X509_get_extended_key_usage(certificate) & XKU_CODE_SIGN) == 0)
        *why = "is a certificate whose extended key usage does not allow code signing";
    else
        return X509_get_pubkey(certificate);
    return NULL;
}

static EVP_PKEY *
from_pem(const char *text, long length, const char **why)
{
    BIO *pem = BIO_new_mem_buf(text, (int)length);
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;

    *why = "must hold a certificate or a public key in PEM";
    if (pem != NULL)
        key = PEM_read_bio_PUBKEY(pem, NULL, no_password, NULL);
    if (pem != NULL && key == NULL && BIO_reset(pem) == 1)
        certificate = PEM_read_bio_X509(pem, NULL, no_password, NULL);
    if (certificate != NULL)
        key = from_certificate(certificate, why);
    X509_free(certificate);
    BIO_free_all(pem);
    ERR_clear_error();
    return key;
}

static bool
add(Keyring *self, int directory, const char *file, char *fault)
{
    char text[FILE_MAX];
    const char *why;
    long length = vetted_read(directory, file, text, sizeof text, fault);

    if (length < 0)
        return false;
    self->keys[self->count] = from_pem(text, length, &why);
    if (self->keys[self->count] == NULL) {
        snprintf(fault, VETTED_FAULT_SIZE, "%s %s", file, why);
        return false;
    }
    self->count++;
    return true;
}

static void
log_skipped(errand_job *job, const char *fault)
{
    char text[VETTED_FAULT_SIZE + 64];

    snprintf(text, sizeof text, "trust directory: not used for signed files: %s", fault);
    errand_log(job, ERRAND_LOG_WARNING, text);
}

static bool
has_ending(const char *file)
{
    size_t length = strlen(file);

    return *file != '.' && length > strlen(ENDING) &&
           strcmp(file + length - strlen(ENDING), ENDING) == 0;
}

static bool
add_all(Keyring *self, errand_job *job, DIR *list, char *fault)
{
    char why[VETTED_FAULT_SIZE];
    struct dirent *entry;

    snprintf(fault, VETTED_FAULT_SIZE, "there is none");
    while ((entry = readdir(list)) != NULL) {
        if (!has_ending(entry->d_name))
            continue;
        if (self->count == KEYRING_MAX) {
            snprintf(fault, VETTED_FAULT_SIZE,
                     "more than %d keys: the document must name its signer", KEYRING_MAX);
            return false;
        }
        if (add(self, dirfd(list), entry->d_name, why))
            continue;
        log_skipped(job, why);
        memcpy(fault, why, sizeof why);
    }
    return self->count > 0;
}

static bool
load_all(Keyring *self, errand_job *job, int directory, char *fault)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    bool good = false;

    if (list == NULL) {
        snprintf(fault, VETTED_FAULT_SIZE, "it cannot be listed: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    good = add_all(self, job, list, fault);
    closedir(list);
    return good;
}

bool
keyring_load(Keyring *self, errand_job *job, const char *directory, const char *name,
             char fault[VETTED_FAULT_SIZE])
{
    char file[KEYRING_NAME_SIZE + sizeof ENDING];
    int fd = vetted_directory(directory, fault);
    bool good;

    if (fd < 0)
        return false;
    snprintf(file, sizeof file, "%s" ENDING, name != NULL ? name : "");
    good = name != NULL ? add(self, fd, file, fault) : load_all(self, job, fd, fault);
    close(fd);
    return good;
}

void
keyring_clear(Keyring *self)
{
    for (size_t i = 0; i < self->count; i++)
        EVP_PKEY_free(self->keys[i]);
    self->count = 0;
}
