#include "codesign.h"

#include "base64.h"
#include "members.h"

#include <errno.h>
#include <string.h>

#define OTA_PREFIX "sig-"

static bool
fail(char *fault, const char *text)
{
    snprintf(fault, CODESIGN_FAULT_SIZE, "%s", text);
    return false;
}

static bool
set_algorithm(Codesign *self, const char *name, char *fault)
{
    self->algorithm = algorithm_find(name);
    if (self->algorithm != NULL)
        return true;
    snprintf(fault, CODESIGN_FAULT_SIZE,
             "\"signatureAlgorithm\" must be " ALGORITHM_NAMES ", found \"%.32s\"", name);
    return false;
}

static bool
set_signature(Codesign *self, const char *text, char *fault)
{
    return base64_decode(text, self->bytes, sizeof self->bytes, &self->length) ||
           fail(fault, "the signature is not base64 (standard alphabet, padded, no blanks)");
}

static bool
set_size(Codesign *self, int64_t size, char *fault)
{
    self->size = size;
    return size >= 0 || fail(fault, "\"rawPayloadSize\" must be a number of bytes");
}

/* Something of each must have been there. */
static bool
is_complete(const Codesign *self, char *fault)
{
    if (self->length == 0)
        return fail(fault, "\"signature\" must be there, a string");
    return self->algorithm != NULL ||
           fail(fault, "\"signatureAlgorithm\" must be there, " ALGORITHM_NAMES);
}

static bool
read_size(Codesign *self, errand_job *job, const char *pointer, char *fault)
{
    int64_t size = -1;

    if (errand_get_type(job, pointer) <= ERRAND_TYPE_NULL)
        return true;
    return set_size(self, errand_get_int(job, pointer, &size) == 0 ? size : -1, fault);
}

/* "POINTER/KEY"; "" when that is too long, which no place we ask for is. */
static const char *
place(char text[128], const char *pointer, const char *key)
{
    if (snprintf(text, 128, "%s/%s", pointer, key) >= 128)
        *text = '\0';
    return text;
}

bool
codesign_read(Codesign *self, errand_job *job, const char *pointer, char fault[CODESIGN_FAULT_SIZE])
{
    char text[128];
    const char *value;

    *self = (Codesign){.size = -1};
    value = errand_get_string(job, place(text, pointer, "signature"));
    if (value != NULL && !set_signature(self, value, fault))
        return false;
    value = errand_get_string(job, place(text, pointer, "signatureAlgorithm"));
    if (value != NULL && !set_algorithm(self, value, fault))
        return false;
    return read_size(self, job, place(text, pointer, "rawPayloadSize"), fault) &&
           is_complete(self, fault);
}

/* The one that starts like a signature's; NULL with `fault` when there are none or several. */
static const char *
find_member(errand_job *job, const char *pointer, char *fault)
{
    const char *found = NULL, *key;

    for (int32_t i = 0; (key = errand_get_key(job, pointer, i)) != NULL; i++) {
        if (strncmp(key, OTA_PREFIX, strlen(OTA_PREFIX)) != 0)
            continue;
        if (found != NULL) {
            fail(fault, "more than one \"" OTA_PREFIX "...\" is given");
            return NULL;
        }
        found = key;
    }
    if (found == NULL)
        fail(fault, "there is no \"" OTA_PREFIX "...\": the file is not signed");
    return found;
}

bool
codesign_read_member(Codesign *self, errand_job *job, const char *pointer,
                     char fault[CODESIGN_FAULT_SIZE])
{
    const char *key = find_member(job, pointer, fault), *value;
    char text[128];

    *self = (Codesign){.size = -1};
    if (key == NULL)
        return false;
    self->algorithm = algorithm_of_member(key);
    if (self->algorithm == NULL) {
        snprintf(fault, CODESIGN_FAULT_SIZE,
                 "\"%.32s\" is not known, only sig-sha256-ecdsa, sig-sha256-rsa, sig-sha1-ecdsa "
                 "and sig-sha1-rsa",
                 key);
        return false;
    }
    value = errand_get_string(job, place(text, pointer, key));
    if (value == NULL)
        return fail(fault, "the signature must be a string");
    return set_signature(self, value, fault);
}

typedef struct {
    Codesign *codesign;
    char *fault;
    bool size_seen;
} Taking;

/* Said twice, it could mean two things. */
static bool
take_member(void *data, const Member *member)
{
    Taking *self = data;
    Codesign *codesign = self->codesign;
    bool text = member->type == MEMBER_STRING;

    if (strcmp(member->name, "signature") == 0) {
        if (!text || codesign->length > 0)
            return fail(self->fault, "\"signature\" must be there once, a string");
        return set_signature(codesign, member->text, self->fault);
    }
    if (strcmp(member->name, "signatureAlgorithm") == 0) {
        if (!text || codesign->algorithm != NULL)
            return fail(self->fault, "\"signatureAlgorithm\" must be there once, a string");
        return set_algorithm(codesign, member->text, self->fault);
    }
    if (strcmp(member->name, "rawPayloadSize") == 0) {
        if (self->size_seen || member->type != MEMBER_INT)
            return fail(self->fault, "\"rawPayloadSize\" must be there once, a number of bytes");
        self->size_seen = true;
        return set_size(codesign, member->number, self->fault);
    }
    return true;
}

bool
codesign_parse(Codesign *self, const char *text, size_t length, char fault[CODESIGN_FAULT_SIZE])
{
    Taking taking = {.codesign = self, .fault = fault};

    *self = (Codesign){.size = -1};
    fail(fault, "what its URL led to is not one JSON object");
    return members_read(text, length, take_member, &taking) && is_complete(self, fault);
}
