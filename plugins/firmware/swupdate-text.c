#include "swupdate-text.h"

#include <ctype.h>
#include <string.h>

const char *
swupdate_text_reason(const char *notes)
{
    static const struct {
        const char *text, *word;
    } meanings[] = {
        {"is not allowed, rejected", "not-allowed"},
        {"ignature verification failed", "bad-signature"},
        {"Authentication of all signatures failed", "bad-signature"},
        {"CMS signature blob", "bad-signature"},
        {"failed to verify signer name", "bad-signature"},
        {"does not match expected", "bad-signature"},
        {"EVP_DigestVerifyFinal failed", "bad-signature"},
        {"sw-description.sig", "bad-signature"},
        {"HASH mismatch", "bad-signature"},
        {"Hash not set", "bad-signature"},
        {"No downgrading allowed", "not-allowed"},
        {"Max version set", "not-allowed"},
        {"No reinstalling allowed", "not-allowed"},
        {"No space left on device", "no-space"},
        {"enough free space", "no-space"},
    };

    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (strstr(notes, meanings[i].text) != NULL)
            return meanings[i].word;
    }
    return "install-failed";
}

static size_t
skip_blanks(const char *text, size_t length, size_t at)
{
    while (at < length && text[at] == ' ')
        at++;
    return at;
}

bool
swupdate_text_version(const char *info, size_t length, char *version, size_t size)
{
    static const char name[] = "\"VERSION\"";
    const char *found = length > 0 ? memmem(info, length, name, sizeof name - 1) : NULL;
    size_t at, end;

    if (found == NULL)
        return false;
    at = skip_blanks(info, length, (size_t)(found - info) + sizeof name - 1);
    if (at >= length || info[at] != ':')
        return false;
    at = skip_blanks(info, length, at + 1);
    if (at >= length || info[at] != '"')
        return false;
    for (end = ++at; end < length && info[end] != '"'; end++) {
        if (info[end] < ' ' || info[end] > '~')
            return false;
    }
    if (end >= length || end == at || end - at >= size)
        return false;
    memcpy(version, info + at, end - at);
    version[end - at] = '\0';
    return true;
}

bool
swupdate_text_selection(const char *selection, char *set, char *mode, size_t size)
{
    const char *comma;

    *set = *mode = '\0';
    if (selection == NULL || *selection == '\0')
        return true;
    comma = strchr(selection, ',');
    if (comma == NULL || comma == selection || comma[1] == '\0' || strchr(comma + 1, ',') != NULL)
        return false;
    if ((size_t)(comma - selection) >= size || strlen(comma + 1) >= size)
        return false;
    memcpy(set, selection, (size_t)(comma - selection));
    set[comma - selection] = '\0';
    memcpy(mode, comma + 1, strlen(comma + 1) + 1);
    return true;
}

int
swupdate_text_percent(unsigned step, unsigned n_steps, unsigned percent)
{
    unsigned long long done;

    if (n_steps == 0)
        return -1;
    if (step > n_steps)
        return 100;
    if (percent > 100)
        percent = 100;
    done = (step > 0 ? (unsigned long long)step - 1 : 0) * 100 + percent;
    return (int)(done / n_steps);
}
