#include "keyfile-private.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static Keyfile *
from_text(const char *text)
{
    Keyfile *keyfile = keyfile_new();

    keyfile_add_text(keyfile, "f", text, strlen(text));
    return keyfile;
}

static void
assert_faults(Keyfile *keyfile, const char *expected)
{
    GPtrArray *faults = keyfile_faults(keyfile);
    GString *all = g_string_new(NULL);

    for (guint i = 0; i < faults->len; i++)
        g_string_append_printf(all, "%s\n", (const char *)faults->pdata[i]);
    g_assert_cmpstr(all->str, ==, expected);
    g_string_free(all, TRUE);
}

static void
assert_list(char **list, const char *expected)
{
    g_autofree char *joined = g_strjoinv("|", list);

    g_assert_cmpstr(joined, ==, expected);
    g_strfreev(list);
}

static void
test_values(void)
{
    static const char *const words[] = {"one", "two", NULL};
    g_autoptr(Keyfile) keyfile =
        from_text("\xEF\xBB\xBF# top\r\n\r\n[a]\r\ns = x\\sy \r\nempty=\r\nb=yes\r\ni=-5\nd=5min\n"
                  "c=two\nl=a;b\\;c; d \\s;\nnone=\nraw=\\x;y\n[b]\nk=v=w");

    g_autofree char *s = keyfile_string(keyfile, "a", "s", NULL);
    g_autofree char *empty = keyfile_string(keyfile, "a", "empty", "fallback");
    g_autofree char *taken = keyfile_string(keyfile, "a", "s", "gone");
    g_autofree char *raw = keyfile_raw(keyfile, "a", "raw");
    g_assert_cmpstr(s, ==, "x y");
    g_assert_cmpstr(empty, ==, "fallback");
    g_assert_cmpstr(taken, ==, "gone");
    g_assert_cmpstr(raw, ==, "\\x;y");
    g_assert_true(keyfile_boolean(keyfile, "a", "b", FALSE));
    g_assert_cmpint(keyfile_integer(keyfile, "a", "i", -5, 5, 0), ==, -5);
    g_assert_cmpint(keyfile_duration(keyfile, "a", "d", 0, G_MAXINT64, 0), ==, 300000);
    g_assert_cmpint(keyfile_choice(keyfile, "a", "c", words, 0), ==, 1);
    assert_list(keyfile_list(keyfile, "a", "l", NULL), "a|b;c|d  ");
    assert_list(keyfile_list(keyfile, "a", "none", "x;y"), "");
    assert_list(keyfile_list(keyfile, "a", "absent", "x;y;"), "x|y");
    assert_list(keyfile_list(keyfile, "a", "absent", NULL), "");
    g_autofree char *k = keyfile_required(keyfile, "b", "k", "a word");
    g_assert_cmpstr(k, ==, "v=w");
    keyfile_finish(keyfile, "a, b");
    assert_faults(keyfile, "");
}

static void
test_wrong_values(void)
{
    static const char *const words[] = {"one", "two", NULL};
    g_autoptr(Keyfile) keyfile =
        from_text("[a]\ns=x\\q\nb=maybe\ni=6\nd=5 min\nc=three\nl=a;b\\\nu=https://h/?pw\n");

    g_autofree char *s = keyfile_string(keyfile, "a", "s", "f");
    g_assert_cmpstr(s, ==, "f");
    g_assert_true(keyfile_boolean(keyfile, "a", "b", TRUE));
    g_assert_cmpint(keyfile_integer(keyfile, "a", "i", 1, 5, 3), ==, 3);
    g_assert_cmpint(keyfile_duration(keyfile, "a", "d", 1000, 600000, 7), ==, 7);
    g_assert_cmpint(keyfile_choice(keyfile, "a", "c", words, 0), ==, 0);
    assert_list(keyfile_list(keyfile, "a", "l", "x"), "x");
    g_assert_cmpint(keyfile_integer(keyfile, "a", "u", 1, 5, 3), ==, 3);
    g_assert_null(keyfile_required(keyfile, "a", "who", "the owner's name"));
    g_assert_null(keyfile_required(keyfile, "q", "who", "a name"));
    keyfile_fault(keyfile, "a", "i", "does not fit %s", "b\nf: forged");
    assert_faults(
        keyfile,
        "f: [a] s: has an unknown escape, allowed are \\s \\n \\t \\r \\; and \\\\\n"
        "f: [a] b: \"maybe\" is not allowed, allowed is true or false (yes or no, 1 or 0)\n"
        "f: [a] i: \"6\" is not allowed, allowed is a whole number from 1 to 5\n"
        "f: [a] d: \"5 min\" is not allowed, allowed is a duration like 500ms 10s 5min 2h 1d from "
        "1s to 10min\n"
        "f: [a] c: \"three\" is not allowed, allowed is one of one, two\n"
        "f: [a] l: has an unknown escape, allowed are \\s \\n \\t \\r \\; and \\\\\n"
        "f: [a] u: \"https://h/?***\" is not allowed, allowed is a whole number from 1 to 5\n"
        "f: [a] who: is missing, wanted is the owner's name\n"
        "f: [q] who: is missing, wanted is a name\n"
        "f: [a] i: does not fit b | f: forged\n");
}

static void
test_bad_lines(void)
{
    g_autoptr(Keyfile) keyfile = from_text(
        "early=1\nnonsense\n[a] x\nlost=1\n[]\n[b\n[c]\n=v\ngood=1\nbad\xff=1\nk[de]=2\n");

    g_assert_cmpint(keyfile_integer(keyfile, "c", "good", 0, 9, 0), ==, 1);
    keyfile_finish(keyfile, "c");
    assert_faults(
        keyfile,
        "f: line 1: a key stands before the first [GROUP]\n"
        "f: line 2: cannot be read; allowed are [GROUP], KEY=VALUE and # comments\n"
        "f: line 3: a group must be alone on its line as [NAME]; the lines below it are not read\n"
        "f: line 5: the group's name is empty or has a bracket or a control character; the lines "
        "below it are not read\n"
        "f: line 6: a group must be alone on its line as [NAME]; the lines below it are not read\n"
        "f: line 8: the key is empty or has a bracket or a control character\n"
        "f: line 10: is not UTF-8 text; allowed is UTF-8 without NUL\n"
        "f: line 11: the key is empty or has a bracket or a control character\n");
}

static void
test_leftovers(void)
{
    g_autoptr(Keyfile) keyfile =
        from_text("[a]\nx=1\ny=2\n[plugin p]\nz=3\n[strange]\nq=1\n[void]\n");

    keyfile_add_text(keyfile, "g", "[a]\ny=3\n", 8);
    g_assert_true(keyfile_has_key(keyfile, "a", "x"));
    g_assert_cmpint(keyfile_integer(keyfile, "a", "x", 0, 9, 0), ==, 1);
    g_assert_false(keyfile_has_key(keyfile, "a", "x"));
    assert_list(keyfile_groups(keyfile, "plugin "), "plugin p");
    assert_list(keyfile_keys(keyfile, "plugin p"), "z");
    keyfile_finish(keyfile, "a and [plugin NAME]");
    assert_faults(keyfile, "f: [strange]: unknown group, allowed are a and [plugin NAME]\n"
                           "f: [void]: unknown group, allowed are a and [plugin NAME]\n"
                           "g: [a] y: unknown key, allowed are x\n"
                           "f: [plugin p] z: unknown key\n");
}

static void
write_file(const char *directory, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
test_files(void)
{
    g_autofree char *directory = g_dir_make_tmp("keyfile-XXXXXX", NULL);
    g_autofree char *fifo = g_build_filename(directory, "90.conf", NULL);
    g_autofree char *missing = g_build_filename(directory, "missing", NULL);
    g_autoptr(Keyfile) keyfile = keyfile_new();
    static const char *const names[] = {"20.conf",         "10.conf",  ".x.conf", "9.conf.dpkg-old",
                                        "y.dpkg-new.conf", "note.txt", "90.conf"};

    write_file(directory, "20.conf", "[a]\nk=20\n");
    write_file(directory, "10.conf", "[a]\nk=10\nj=10\n");
    for (guint i = 2; i < 6; i++)
        write_file(directory, names[i], "[a]\nk=99\n");
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    keyfile_add_file(keyfile, missing, TRUE);
    keyfile_add_file(keyfile, missing, FALSE);
    keyfile_add_directory(keyfile, missing);
    keyfile_add_directory(keyfile, directory);
    g_assert_cmpint(keyfile_integer(keyfile, "a", "k", 0, 100, 0), ==, 20);
    keyfile_finish(keyfile, "a");
    g_autofree char *expected =
        g_strdup_printf("%s: cannot be read: No such file or directory\n"
                        "%s: cannot be read: it is not a regular file\n%s/10.conf: [a] j: unknown "
                        "key, allowed are k\n",
                        missing, fifo, directory);
    assert_faults(keyfile, expected);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(directory, names[i], NULL);
        g_unlink(path);
    }
    g_rmdir(directory);
}

static void
test_oversized(void)
{
    g_autoptr(Keyfile) keyfile = keyfile_new();
    g_autofree char *text = g_strnfill(KEYFILE_SIZE_MAX + 1, '#');

    keyfile_add_text(keyfile, "fits", text, KEYFILE_SIZE_MAX);
    keyfile_add_text(keyfile, "big", text, KEYFILE_SIZE_MAX + 1);
    keyfile_add_file(keyfile, "/proc/self/maps/none", TRUE);
    g_assert_cmpuint(keyfile_faults(keyfile)->len, ==, 2);
    g_assert_cmpstr(keyfile_faults(keyfile)->pdata[0], ==,
                    "big: is too big for a configuration; allowed are 256K");
}

static void
test_noise(void)
{
    static const char alphabet[] = "[]=\n\r\\;# aK\0\xff\xc3\xa4\xef\xbb\xbf";

    for (guint round = 0; round < 300; round++) {
        g_autoptr(Keyfile) keyfile = keyfile_new();
        char noise[600];
        for (guint i = 0; i < sizeof noise; i++)
            noise[i] = alphabet[g_test_rand_int_range(0, sizeof alphabet - 1)];
        keyfile_add_text(keyfile, "noise", noise, sizeof noise);
        g_auto(GStrv) groups = keyfile_groups(keyfile, "");
        for (guint i = 0; groups[i] != NULL; i++) {
            g_auto(GStrv) keys = keyfile_keys(keyfile, groups[i]);
            for (guint j = 0; keys[j] != NULL; j++)
                g_strfreev(keyfile_list(keyfile, groups[i], keys[j], NULL));
        }
        keyfile_finish(keyfile, "none");
        GPtrArray *faults = keyfile_faults(keyfile);
        g_assert_cmpuint(faults->len, >, 0);
        for (guint i = 0; i < faults->len; i++)
            g_assert_true(g_utf8_validate(faults->pdata[i], -1, NULL));
    }
}

static void
test_numbers(void)
{
    static const char *const bad[] = {"",
                                      "s",
                                      "-1s",
                                      "+1",
                                      "1.5s",
                                      "1 s",
                                      "1S",
                                      "0x10",
                                      "1h30min",
                                      "99999999999999999999",
                                      "9223372036854775807d",
                                      "1sx",
                                      "1K "};
    gint64 value = 42;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(keyfile_parse_duration(bad[i], &value));
    }
    g_assert_false(keyfile_parse_duration(NULL, &value));
    g_assert_cmpint(value, ==, 42);
    g_assert_true(keyfile_parse_duration("7", &value) && value == 7000);
    g_assert_true(keyfile_parse_duration("500ms", &value) && value == 500);
    g_assert_true(keyfile_parse_duration("1d", &value) && value == 86400000);
    g_assert_true(keyfile_parse_duration("2h", &value) && value == 7200000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keyfile/values", test_values);
    g_test_add_func("/keyfile/wrong-values", test_wrong_values);
    g_test_add_func("/keyfile/bad-lines", test_bad_lines);
    g_test_add_func("/keyfile/leftovers", test_leftovers);
    g_test_add_func("/keyfile/files", test_files);
    g_test_add_func("/keyfile/oversized", test_oversized);
    g_test_add_func("/keyfile/noise", test_noise);
    g_test_add_func("/keyfile/numbers", test_numbers);
    return g_test_run();
}
