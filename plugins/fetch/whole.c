#include "whole.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* How often pages are given back; at 500 MB/s they come to 1 MB then. */
#define SWEEP_MS    2
/* Sweeps from one heartbeat to the next: 5 s. */
#define SWEEPS      2500
/* The end of an empty file cannot be mapped. */
#define NOTHING     ((const unsigned char *)"")
#define STATE_BEGUN 0
#define STATE_DONE  1
#define STATE_LEFT  2 /* the thread has it to itself */

typedef struct {
    EVP_PKEY *key;
    unsigned char signature[WHOLE_SIGNATURE_LENGTH];
    void *map; /* MAP_FAILED: none */
    size_t length;
    bool good;
    atomic_int state; /* STATE_*; `good` counts once it is done */
} Whole;

static void
whole_free(Whole *self)
{
    if (self->map != MAP_FAILED)
        munmap(self->map, self->length);
    EVP_PKEY_free(self->key);
    free(self);
}

static bool
is_good(const Whole *self)
{
    const unsigned char *bytes = self->map != MAP_FAILED ? self->map : NOTHING;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good =
        context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, self->key) == 1 &&
        EVP_DigestVerify(context, self->signature, sizeof self->signature, bytes, self->length) ==
            1;

    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

static void *
whole_main(void *data)
{
    Whole *self = data;

    self->good = is_good(self);
    if (atomic_exchange(&self->state, STATE_DONE) == STATE_LEFT)
        whole_free(self);
    return NULL;
}

static Whole *
whole_new(int fd, EVP_PKEY *key, const unsigned char *signature)
{
    Whole *self = calloc(1, sizeof *self);
    struct stat info;

    if (self == NULL)
        return NULL;
    self->map = MAP_FAILED;
    memcpy(self->signature, signature, sizeof self->signature);
    if (EVP_PKEY_up_ref(key) == 1)
        self->key = key;
    if (self->key != NULL && fstat(fd, &info) == 0 && (uintmax_t)info.st_size <= SIZE_MAX) {
        self->length = (size_t)info.st_size;
        if (self->length == 0)
            return self;
        self->map = mmap(NULL, self->length, PROT_READ, MAP_SHARED, fd, 0);
        if (self->map != MAP_FAILED)
            return self;
    }
    whole_free(self);
    return NULL;
}

static void
sweep(const Whole *self)
{
    if (self->map != MAP_FAILED)
        madvise(self->map, self->length, MADV_DONTNEED);
}

/* False when cancelled before the thread was done. */
static bool
wait_for(errand_job *job, const Whole *self)
{
    struct pollfd cancel = {errand_cancel_fd(job), POLLIN, 0};

    for (unsigned i = 0; atomic_load(&self->state) != STATE_DONE; i++) {
        if (errand_cancelled(job))
            return false;
        if (i % SWEEPS == 0)
            errand_progress(job, -1, "verifying");
        poll(&cancel, 1, SWEEP_MS);
        sweep(self);
    }
    return true;
}

int32_t
whole_verify(errand_job *job, int fd, EVP_PKEY *key,
             const unsigned char signature[WHOLE_SIGNATURE_LENGTH], bool *good)
{
    Whole *self = whole_new(fd, key, signature);
    pthread_t thread;
    int error = self != NULL ? pthread_create(&thread, NULL, whole_main, self) : errno;

    *good = false;
    if (self == NULL || error != 0) {
        if (self != NULL)
            whole_free(self);
        return errand_fail(job, "bad-signature", "the file cannot be read to check it: %s",
                           strerror(error));
    }
    if (!wait_for(job, self)) {
        pthread_detach(thread);
        if (atomic_exchange(&self->state, STATE_LEFT) == STATE_DONE)
            whole_free(self);
        return ERRAND_CANCELLED;
    }
    pthread_join(thread, NULL);
    *good = self->good;
    whole_free(self);
    return ERRAND_SUCCEEDED;
}
