#include "hasher.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

struct Hasher {
    EVP_MD *digest; /* NULL: nothing is hashed and there is no thread */
    EVP_MD_CTX *context;
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
        good = EVP_DigestUpdate(self->context, buffer, length) == 1;
        pthread_mutex_lock(&self->lock);
        self->failed = self->failed || !good;
        self->hashed++;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

Hasher *
hasher_new(const char *name)
{
    Hasher *self = calloc(1, sizeof *self);

    if (self == NULL)
        return NULL;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    self->buffers = malloc((size_t)HASHER_BUFFERS * HASHER_BUFFER_SIZE);
    if (name != NULL) {
        self->digest = EVP_MD_fetch(NULL, name, NULL);
        self->context = EVP_MD_CTX_new();
        self->started = self->digest != NULL && self->context != NULL &&
                        EVP_DigestInit_ex(self->context, self->digest, NULL) == 1 &&
                        pthread_create(&self->thread, NULL, hasher_main, self) == 0;
    }
    if (self->buffers != NULL && (name == NULL || self->started))
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
    EVP_MD_CTX_free(self->context);
    EVP_MD_free(self->digest);
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
    self->failed = EVP_DigestInit_ex(self->context, self->digest, NULL) != 1;
}

bool
hasher_matches(Hasher *self, const unsigned char *digest, size_t length)
{
    unsigned char found[EVP_MAX_MD_SIZE];
    unsigned found_length = 0;

    if (!self->started)
        return true;
    hasher_wait(self, 0);
    return !self->failed && EVP_DigestFinal_ex(self->context, found, &found_length) == 1 &&
           found_length == length && CRYPTO_memcmp(found, digest, length) == 0;
}
