#include "hasher.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#define HASHES_MAX 2

typedef struct {
    EVP_MD *digest;
    EVP_MD_CTX *context;
} Hash;

struct Hasher {
    Hash hashes[HASHES_MAX];
    size_t count; /* 0: nothing is hashed and there is no thread */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t lengths[HASHER_BUFFERS];
    unsigned filled; /* buffers handed over, ever */
    unsigned hashed; /* of these, done */
    bool started, stop, failed;
    unsigned char *buffers; /* HASHER_BUFFERS of HASHER_BUFFER_SIZE */
};

static unsigned char *
buffer_at(Hasher *self, unsigned number)
{
    return self->buffers + (size_t)(number % HASHER_BUFFERS) * HASHER_BUFFER_SIZE;
}

static bool
update_all(Hasher *self, const unsigned char *bytes, size_t length)
{
    bool good = true;

    for (size_t i = 0; i < self->count; i++)
        good = EVP_DigestUpdate(self->hashes[i].context, bytes, length) == 1 && good;
    return good;
}

static void *
hasher_main(void *data)
{
    Hasher *self = data;

    pthread_mutex_lock(&self->lock);
    while (!self->stop) {
        size_t length = self->lengths[self->hashed % HASHER_BUFFERS];
        unsigned char *buffer = buffer_at(self, self->hashed);
        bool good;

        if (self->hashed == self->filled) {
            pthread_cond_wait(&self->changed, &self->lock);
            continue;
        }
        pthread_mutex_unlock(&self->lock);
        good = update_all(self, buffer, length);
        pthread_mutex_lock(&self->lock);
        self->failed = self->failed || !good;
        self->hashed++;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

static Hash *
find(Hasher *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++) {
        if (EVP_MD_is_a(self->hashes[i].digest, name))
            return &self->hashes[i];
    }
    return NULL;
}

/* False when it cannot be had. */
static bool
add(Hasher *self, const char *name)
{
    Hash *hash = &self->hashes[self->count];

    if (name == NULL || find(self, name) != NULL)
        return true;
    hash->digest = EVP_MD_fetch(NULL, name, NULL);
    hash->context = EVP_MD_CTX_new();
    if (hash->digest != NULL && hash->context != NULL &&
        EVP_DigestInit_ex(hash->context, hash->digest, NULL) == 1) {
        self->count++;
        return true;
    }
    EVP_MD_CTX_free(hash->context);
    EVP_MD_free(hash->digest);
    return false;
}

Hasher *
hasher_new(const char *first, const char *second)
{
    Hasher *self = calloc(1, sizeof *self);
    bool good;

    if (self == NULL)
        return NULL;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    self->buffers = malloc((size_t)HASHER_BUFFERS * HASHER_BUFFER_SIZE);
    good = self->buffers != NULL && add(self, first) && add(self, second);
    if (good && self->count > 0)
        good = self->started = pthread_create(&self->thread, NULL, hasher_main, self) == 0;
    if (good)
        return self;
    hasher_free(self);
    return NULL;
}

void
hasher_free(Hasher *self)
{
    if (self->started) {
        pthread_mutex_lock(&self->lock);
        self->stop = true;
        pthread_cond_broadcast(&self->changed);
        pthread_mutex_unlock(&self->lock);
        pthread_join(self->thread, NULL);
    }
    for (size_t i = 0; i < self->count; i++) {
        EVP_MD_CTX_free(self->hashes[i].context);
        EVP_MD_free(self->hashes[i].digest);
    }
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self->buffers);
    free(self);
}

unsigned char *
hasher_buffer(Hasher *self)
{
    return buffer_at(self, self->filled);
}

/* Until at most `most` buffers are still to be hashed. */
static void
hasher_wait(Hasher *self, unsigned most)
{
    pthread_mutex_lock(&self->lock);
    while (self->filled - self->hashed > most)
        pthread_cond_wait(&self->changed, &self->lock);
    pthread_mutex_unlock(&self->lock);
}

void
hasher_submit(Hasher *self, size_t length)
{
    if (!self->started)
        return;
    pthread_mutex_lock(&self->lock);
    self->lengths[self->filled % HASHER_BUFFERS] = length;
    self->filled++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    hasher_wait(self, HASHER_BUFFERS - 1);
}

void
hasher_restart(Hasher *self)
{
    if (!self->started)
        return;
    hasher_wait(self, 0);
    self->failed = false;
    for (size_t i = 0; i < self->count; i++) {
        const Hash *hash = &self->hashes[i];

        self->failed = EVP_DigestInit_ex(hash->context, hash->digest, NULL) != 1 || self->failed;
    }
}

/* Of a copy, so that it can be asked for again. */
size_t
hasher_digest(Hasher *self, const char *name, unsigned char digest[HASHER_DIGEST_MAX])
{
    Hash *hash = self->started ? find(self, name) : NULL;
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    unsigned length = 0;

    if (self->started)
        hasher_wait(self, 0);
    if (hash == NULL || copy == NULL || self->failed ||
        EVP_MD_CTX_copy_ex(copy, hash->context) != 1 ||
        EVP_DigestFinal_ex(copy, digest, &length) != 1)
        length = 0;
    EVP_MD_CTX_free(copy);
    return length;
}

bool
hasher_matches(Hasher *self, const char *name, const unsigned char *digest, size_t length)
{
    unsigned char found[HASHER_DIGEST_MAX];

    return length > 0 && hasher_digest(self, name, found) == length &&
           CRYPTO_memcmp(found, digest, length) == 0;
}
