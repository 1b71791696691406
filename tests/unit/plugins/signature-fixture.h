/* A trust directory, a file that was signed, and documents about it: the signature library called
 * directly, with the fake host's documents and settings. */
#pragma once

#include "fake-host.h"
#include "signature.h"
#include "signer.h"

#define CONTENT "what the signer signed\n"

typedef struct {
    char *trust;
    GBytes *content;
    int fd;
} Fixture;

/* For g_test_add(). */
void fixture_up(Fixture *self, gconstpointer data);
void fixture_down(Fixture *self, gconstpointer data);
#define FIXTURE_ADD(path, function)                                                                \
    g_test_add("/plugin/signature/" path, Fixture, NULL, fixture_up, function, fixture_down)

/* Makes it the file's content, CONTENT until then. */
void fixture_content(Fixture *self, const void *data, gsize length);

/* Hosts of a document, with the trust directory; ' stands for ". */
FakeHost *fixture_host(Fixture *self, const char *document);
FakeHost *fixture_format(Fixture *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* {"codesign": {the two members} MORE}. */
FakeHost *fixture_codesign(Fixture *self, const char *algorithm, const char *signature,
                           const char *more);

/* Verifies the file, as whoever fetched it does. */
int32_t fixture_verify(Fixture *self, FakeHost *host, Signature *signature);
/* Reads the signature of the document and, unless it is refused, verifies the file. */
int32_t fixture_check_at(Fixture *self, FakeHost *host, const char *pointer, const char *signer);
/* The same for "/codesign" and "/signer". */
int32_t fixture_check(Fixture *self, FakeHost *host);
