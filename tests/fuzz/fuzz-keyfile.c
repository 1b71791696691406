/* Any bytes as a keyfile, read by every getter; and as a duration and a size. */
#include "fuzz.h"
#include "keyfile-private.h"

#define LEAST 10
#define MOST  5000000

static void
check_list(char **list)
{
    g_assert_nonnull(list);
    for (gsize i = 0; list[i] != NULL; i++)
        g_assert_true(g_utf8_validate(list[i], -1, NULL));
    g_strfreev(list);
}

/* Takes the key out with one of the getters, whichever its name and value ask for. */
static void
take(Keyfile *file, const char *group, const char *key)
{
    static const char *const words[] = {"next", "start-next", "available", NULL};
    g_autofree char *text = NULL;
    gint64 number = 0;

    switch (g_str_hash(key) % 8) {
    case 0:
        number = keyfile_integer(file, group, key, LEAST, MOST, LEAST);
        break;
    case 1:
        number = keyfile_duration(file, group, key, LEAST, MOST, LEAST);
        break;
    case 3:
        number = LEAST + keyfile_choice(file, group, key, words, 2);
        g_assert_cmpint(number, <, LEAST + 3);
        break;
    case 4:
        number = LEAST + keyfile_boolean(file, group, key, TRUE);
        g_assert_cmpint(number, <=, LEAST + 1);
        break;
    case 5:
        check_list(keyfile_list(file, group, key, NULL));
        return;
    case 6:
        text = keyfile_raw(file, group, key);
        g_assert_nonnull(text);
        return;
    default:
        text = keyfile_string(file, group, key, "fallback");
        g_assert_true(*text != '\0' && g_utf8_validate(text, -1, NULL));
        return;
    }
    g_assert_cmpint(number, >=, LEAST);
    g_assert_cmpint(number, <=, MOST);
}

/* Once every key is taken, no fault about a key that is left over may come. */
static void
take_everything(Keyfile *file)
{
    g_auto(GStrv) groups = keyfile_groups(file, "");
    guint faults = 0;

    for (gsize i = 0; groups[i] != NULL; i++) {
        g_auto(GStrv) keys = keyfile_keys(file, groups[i]);

        for (gsize j = 0; keys[j] != NULL; j++) {
            g_assert_true(keyfile_has_key(file, groups[i], keys[j]));
            take(file, groups[i], keys[j]);
            g_assert_false(keyfile_has_key(file, groups[i], keys[j]));
        }
    }
    faults = keyfile_faults(file)->len;
    keyfile_finish(file, "[any]");
    g_assert_cmpuint(keyfile_faults(file)->len, ==, faults);
}

static void
check_faults(Keyfile *file)
{
    GPtrArray *faults = keyfile_faults(file);

    for (guint i = 0; i < faults->len; i++) {
        g_assert_true(g_str_has_prefix(faults->pdata[i], "a.conf:"));
        g_assert_true(g_utf8_validate(faults->pdata[i], -1, NULL));
        g_assert_null(strchr(faults->pdata[i], '\n'));
    }
}

static void
check_numbers(const char *text)
{
    gint64 value = -1;
    gint64 again = -1;

    if (keyfile_parse_duration(text, &value)) {
        g_autofree char *plain = g_strdup_printf("%" G_GINT64_FORMAT "ms", value);

        g_assert_cmpint(value, >=, 0);
        g_assert_true(keyfile_parse_duration(plain, &again) && again == value);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Keyfile) file = keyfile_new();
    g_autofree char *text = fuzz_string(data, size);

    keyfile_add_text(file, "a.conf", (const char *)data, size);
    take_everything(file);
    check_faults(file);
    check_numbers(text);
    return 0;
}
