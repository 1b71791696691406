#include "signature.h"

#include "codesign.h"
#include "keyring.h"
#include "setting.h"
#include "whole.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OTA_PLACE    "/afr_ota/"
#define POINTER_SIZE 64

struct Signature {
    char pointer[POINTER_SIZE]; /* where it is in the document */
    bool pending;               /* there is only its URL yet */
    bool allow_sha1;
    char plugin[32];
    char signer[KEYRING_NAME_SIZE]; /* "" when none is named */
    const char *directory;          /* errand's */
    Codesign codesign;
    Keyring keyring;
};

/* For messages. */
static const char *
what(const Signature *self)
{
    return self->pointer + 1;
}

static int32_t
refuse(errand_job *job, const Signature *self, const char *fault)
{
    return errand_reject(job, "bad-signature", "%s: %s", what(self), fault);
}

static int32_t
unsigned_file(errand_job *job, const char *plugin, const char *pointer, const char *signer,
              bool required)
{
    if (required)
        return errand_reject(job, "bad-signature",
                             "the document has no \"%s\", and unsigned files are refused "
                             "(errand.conf: [plugin %s] require-signature)",
                             pointer + 1, plugin);
    if (errand_get_type(job, signer) > ERRAND_TYPE_NULL)
        return errand_reject(job, "bad-signature", "\"%s\" is given, but no \"%s\"", signer + 1,
                             pointer + 1);
    return ERRAND_SUCCEEDED;
}

/* Leaves the keys that could have made the signature. */
static void
drop_others(Signature *self)
{
    Keyring *keyring = &self->keyring;
    size_t kept = 0;

    for (size_t i = 0; i < keyring->count; i++) {
        if (algorithm_fits(self->codesign.algorithm, keyring->keys[i]))
            keyring->keys[kept++] = keyring->keys[i];
        else
            EVP_PKEY_free(keyring->keys[i]);
    }
    keyring->count = kept;
}

/* Whether anybody could verify it, now that it is here. */
static int32_t
settle(Signature *self, errand_job *job)
{
    const Algorithm *algorithm = self->codesign.algorithm;

    self->pending = false;
    if (algorithm_is_sha1(algorithm) && !self->allow_sha1)
        return errand_reject(job, "bad-signature",
                             "%s: %s: SHA-1 is too weak and refused unless the owner allows it "
                             "(errand.conf: [plugin %s] allow-sha1)",
                             what(self), algorithm->name, self->plugin);
    drop_others(self);
    if (self->keyring.count > 0)
        return ERRAND_SUCCEEDED;
    return errand_reject(job, "bad-signature", "%s: %s needs %s, and %s%s%s", what(self),
                         algorithm->name, algorithm->needs,
                         *self->signer != '\0' ? "that of signer \"" : "there is none in ",
                         *self->signer != '\0' ? self->signer : self->directory,
                         *self->signer != '\0' ? "\" is another" : "");
}

static int32_t
read_signer(Signature *self, errand_job *job, const char *signer)
{
    const char *text;

    if (errand_get_type(job, signer) <= ERRAND_TYPE_NULL)
        return ERRAND_SUCCEEDED;
    text = errand_get_string(job, signer);
    if (text != NULL && keyring_name(text, self->signer))
        return ERRAND_SUCCEEDED;
    return errand_reject(job, "bad-signature",
                         "\"%s\" must be a name of 1 to 64 of A-Z a-z 0-9 . _ -", signer + 1);
}

static int32_t
find_keys(Signature *self, errand_job *job)
{
    char fault[VETTED_FAULT_SIZE];

    self->directory = setting_text(job, "trust-directory");
    if (self->directory == NULL)
        return errand_reject(job, "bad-signature",
                             "%s: there are no keys to check it with (errand.conf: [trust] "
                             "directory)",
                             what(self));
    if (keyring_load(&self->keyring, job, self->directory,
                     *self->signer != '\0' ? self->signer : NULL, fault))
        return ERRAND_SUCCEEDED;
    if (*self->signer == '\0')
        return errand_reject(job, "bad-signature", "%s: no key can be used of those in %s: %s",
                             what(self), self->directory, fault);
    return errand_reject(job, "bad-signature", "%s: signer \"%s\" is not trusted: %s: %s",
                         what(self), self->signer, self->directory, fault);
}

static int32_t
read_it(Signature *self, errand_job *job, const char *signer)
{
    char fault[CODESIGN_FAULT_SIZE];
    bool ota = strncmp(self->pointer, OTA_PLACE, strlen(OTA_PLACE)) == 0;
    int32_t type = errand_get_type(job, self->pointer), verdict;

    self->pending = !ota && type == ERRAND_TYPE_STRING;
    if (!self->pending && type != ERRAND_TYPE_OBJECT)
        return refuse(job, self, "must be an object or the URL of one");
    if (ota && !codesign_read_member(&self->codesign, job, self->pointer, fault))
        return refuse(job, self, fault);
    if (!ota && !self->pending && !codesign_read(&self->codesign, job, self->pointer, fault))
        return refuse(job, self, fault);
    verdict = read_signer(self, job, signer);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = find_keys(self, job);
    if (verdict == ERRAND_SUCCEEDED && !self->pending)
        verdict = settle(self, job);
    return verdict;
}

int32_t
signature_read(errand_job *job, const char *plugin, const char *pointer, const char *signer,
               Signature **signature)
{
    bool required = false, allow_sha1 = false;
    int32_t verdict = setting_bool(job, plugin, "require-signature", &required);
    Signature *self;

    *signature = NULL;
    if (verdict == ERRAND_SUCCEEDED)
        verdict = setting_bool(job, plugin, "allow-sha1", &allow_sha1);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (errand_get_type(job, pointer) <= ERRAND_TYPE_NULL)
        return unsigned_file(job, plugin, pointer, signer, required);
    self = calloc(1, sizeof *self);
    if (self == NULL)
        return errand_reject(job, "internal", "reading the signature: out of memory");
    self->allow_sha1 = allow_sha1;
    self->codesign.size = -1;
    snprintf(self->plugin, sizeof self->plugin, "%s", plugin);
    snprintf(self->pointer, sizeof self->pointer, "%s", pointer);
    verdict = read_it(self, job, signer);
    if (verdict == ERRAND_SUCCEEDED)
        *signature = self;
    else
        signature_free(self);
    return verdict;
}

void
signature_free(Signature *self)
{
    if (self == NULL)
        return;
    keyring_clear(&self->keyring);
    free(self);
}

const char *
signature_hash(const Signature *self)
{
    return self->codesign.algorithm != NULL ? self->codesign.algorithm->hash : NULL;
}

int64_t
signature_size(const Signature *self)
{
    return self->codesign.size;
}

const char *
signature_url_pointer(const Signature *self)
{
    return self->pending ? self->pointer : NULL;
}

int32_t
signature_take(errand_job *job, Signature *self, const char *text, size_t length)
{
    char fault[CODESIGN_FAULT_SIZE];

    if (!codesign_parse(&self->codesign, text, length, fault))
        return refuse(job, self, fault);
    return settle(self, job);
}

/* Tries every key; *good when one fits. ERRAND_SUCCEEDED when that could be found out. */
static int32_t
try_keys(errand_job *job, const Signature *self, int fd, const unsigned char *digest, size_t length,
         bool *good)
{
    const Codesign *codesign = &self->codesign;
    int32_t verdict = ERRAND_SUCCEEDED;

    *good = false;
    for (size_t i = 0; i < self->keyring.count && verdict == ERRAND_SUCCEEDED && !*good; i++) {
        EVP_PKEY *key = self->keyring.keys[i];

        if (codesign->algorithm->hash != NULL)
            *good = algorithm_verify(codesign->algorithm, key, codesign->bytes, codesign->length,
                                     digest, length);
        else if (codesign->length == WHOLE_SIGNATURE_LENGTH)
            verdict = whole_verify(job, fd, key, codesign->bytes, good);
    }
    return verdict;
}

int32_t
signature_verify(errand_job *job, const Signature *self, int fd, const unsigned char *digest,
                 size_t length)
{
    struct stat info;
    int32_t verdict;
    bool good;

    if (self->pending || self->codesign.algorithm == NULL)
        return errand_fail(job, "bad-signature", "%s: the signature was not fetched", what(self));
    if (fstat(fd, &info) != 0)
        return errand_fail(job, "bad-signature", "%s: looking at the file: %s", what(self),
                           strerror(errno));
    if (self->codesign.size >= 0 && info.st_size != self->codesign.size)
        return errand_fail(job, "bad-signature",
                           "%s: the file has %lld bytes, its signer says %lld", what(self),
                           (long long)info.st_size, (long long)self->codesign.size);
    verdict = try_keys(job, self, fd, digest, length, &good);
    if (verdict != ERRAND_SUCCEEDED || good)
        return verdict;
    return errand_fail(job, "bad-signature",
                       "%s: the %s signature does not fit the file of %lld bytes: it was changed "
                       "after signing, or signed by somebody else than %s%s",
                       what(self), self->codesign.algorithm->name, (long long)info.st_size,
                       *self->signer != '\0' ? "signer " : "the keys in ",
                       *self->signer != '\0' ? self->signer : self->directory);
}
