/* What plugin firmware decides without asking anybody: phases, versions, command lines. */
#include "command-line.h"
#include "phases.h"
#include "version.h"

#include <glib.h>
#include <string.h>

/* From each phase, by event: done, bad, failed, cancelled, same boot, old slot, new slot; "-" is
 * what cannot happen. */
static const char *const phases[][EVENTS] = {
    [PHASE_FETCH] = {"inspect", "-", "FAILED", "CANCELLED", "fetch", "fetch", "fetch"},
    [PHASE_INSPECT] = {"install", "-", "FAILED", "CANCELLED", "inspect", "inspect", "inspect"},
    [PHASE_INSTALL] = {"restart", "-", "FAILED", "CANCELLED", "install", "install", "prove"},
    [PHASE_RESTART] = {"REBOOT", "-", "-", "take-back", "restart", "fallen", "prove"},
    [PHASE_PROVE] = {"health", "reject", "-", "-", "prove", "fallen", "prove"},
    [PHASE_HEALTH] = {"confirm", "reject", "-", "-", "health", "fallen", "health"},
    [PHASE_CONFIRM] = {"SUCCEEDED", "-", "UNCONFIRMED", "-", "confirm", "fallen", "confirm"},
    [PHASE_REJECT] = {"return", "-", "return", "-", "reject", "fallen", "reject"},
    [PHASE_RETURN] = {"REBOOT", "-", "-", "-", "return", "fallen", "STUCK"},
    [PHASE_FALLEN] = {"ROLLED_BACK", "-", "ROLLED_BACK", "-", "fallen", "fallen", "STUCK"},
    [PHASE_TAKE_BACK] = {"CANCELLED", "-", "CANCELLED", "-", "take-back", "take-back", "reject"},
};

static Phase
phase_named(const char *word)
{
    static const struct {
        const char *word;
        Phase phase;
    } ends[] = {
        {"-", PHASE_FAILED},
        {"REBOOT", PHASE_REBOOT},
        {"SUCCEEDED", PHASE_SUCCEEDED},
        {"FAILED", PHASE_FAILED},
        {"UNCONFIRMED", PHASE_UNCONFIRMED},
        {"ROLLED_BACK", PHASE_ROLLED_BACK},
        {"STUCK", PHASE_STUCK},
        {"CANCELLED", PHASE_CANCELLED},
    };

    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (strcmp(ends[i].word, word) == 0)
            return ends[i].phase;
    }
    g_assert_cmpint(phases_from_word(word), !=, PHASES);
    return phases_from_word(word);
}

static void
test_phases(void)
{
    g_assert_cmpint(G_N_ELEMENTS(phases), ==, PHASE_REBOOT);
    for (int phase = 0; phase < PHASE_REBOOT; phase++) {
        for (int event = 0; event < EVENTS; event++) {
            g_test_message("%s, event %d", phases_word((Phase)phase), event);
            g_assert_cmpint(phases_next((Phase)phase, (Event)event), ==,
                            phase_named(phases[phase][event]));
        }
        g_assert_cmpint(phases_from_word(phases_word((Phase)phase)), ==, phase);
        g_assert_false(phases_is_end((Phase)phase));
    }
}

/* No way leads round in a circle without the machine being restarted or errand being interrupted.
 */
static void
test_phases_end(void)
{
    for (int start = 0; start < PHASE_REBOOT; start++) {
        for (int event = EVENT_DONE; event <= EVENT_CANCELLED; event++) {
            Phase phase = (Phase)start;
            int steps = 0;

            for (; !phases_is_end(phase); steps++) {
                g_assert_cmpint(steps, <, PHASES);
                phase = phases_next(phase, steps == 0 ? (Event)event : EVENT_DONE);
            }
        }
    }
}

static void
test_phases_bounds(void)
{
    g_assert_cmpint(phases_next(PHASES, EVENT_DONE), ==, PHASE_FAILED);
    g_assert_cmpint(phases_next(PHASE_SUCCEEDED, EVENT_NEW_SLOT), ==, PHASE_FAILED);
    g_assert_cmpint(phases_next(PHASE_FETCH, EVENTS), ==, PHASE_FAILED);
    g_assert_cmpint(phases_from_word(""), ==, PHASES);
    g_assert_cmpint(phases_from_word("end"), ==, PHASES);
    g_assert_cmpint(phases_from_word("installed"), ==, PHASES);
    g_assert_false(phases_needs_slot(PHASE_FETCH));
    g_assert_false(phases_needs_slot(PHASE_INSPECT));
    g_assert_true(phases_needs_slot(PHASE_INSTALL));
    g_assert_false(phases_needs_slot(PHASE_SUCCEEDED));
}

static void
test_versions(void)
{
    /* Each is later than the one before. */
    static const char *const rising[] = {
        "~~",
        "~",
        "",
        "0.9",
        "1",
        "1.0~rc1",
        "1.0~rc2",
        "1.0",
        "1.0a",
        "1.0-1",
        "1.0-2",
        "1.0.1",
        "1.2",
        "1.9",
        "1.10",
        "1.10.1",
        "2.0-rc1",
        "2.0.1",
        "2023.12.9",
        "2024.1",
        "99999999999999999998",
        "99999999999999999999",
    };
    static const char *const same[][2] = {
        {"1.0", "1.0"}, {"v1.0", "1.0"}, {"V2", "2"}, {"1.01", "1.1"}, {"001", "1"}, {"", ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rising); i++) {
        for (guint j = 0; j < G_N_ELEMENTS(rising); j++) {
            int found = version_compare(rising[i], rising[j]);

            g_test_message("%s, %s", rising[i], rising[j]);
            g_assert_cmpint((found > 0) - (found < 0), ==, (i > j) - (i < j));
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(same); i++)
        g_assert_cmpint(version_compare(same[i][0], same[i][1]), ==, 0);
    g_assert_cmpint(version_compare("version", "1"), !=, 0);
}

static void
test_pack(void)
{
    static const struct {
        const char *version;
        gint64 packed;
    } cases[] = {
        {"0.9.2", 0x00090002},
        {"v1.2.3", 0x01020003},
        {"255.255.65535", 0xffffffff},
        {"1", 0x01000000},
        {"2.4", 0x02040000},
        {"2.4-rc1", 0x02040000},
        {"1.2.3.4", 0x01020003},
        {"1..3", 0x01000000},
        {"256.0.0", -1},
        {"1.256", -1},
        {"1.0.65536", -1},
        {"rolling", -1},
        {"", -1},
        {"99999999999999999999", -1},
        {"-1.0", -1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].version);
        g_assert_cmpint(version_pack(cases[i].version), ==, cases[i].packed);
    }
}

static void
test_command_lines(void)
{
    static const struct {
        const char *line, *words;
        gboolean complete;
    } cases[] = {
        {"true", "true", TRUE},
        {"  curl\t-f   http://localhost/health ", "curl|-f|http://localhost/health", TRUE},
        {"test 'a b' \"c d\"", "test|a b|c d", TRUE},
        {"a''b \"\" ''", "ab||", TRUE},
        {"sh -c 'echo \"x\" $HOME'", "sh|-c|echo \"x\" $HOME", TRUE},
        {"\"a \\\" \\\\ \\n\"", "a \" \\ \\n", TRUE},
        {"a\\ b \\'c", "a b|'c", TRUE},
        {"pre\"mid dle\"'post'", "premid dlepost", TRUE},
        {"", "", TRUE},
        {" \t ", "", TRUE},
        {"a 'b", "a|b", FALSE},
        {"a \"b\\\"", "a|b\"", FALSE},
        {"a \\", "a|", FALSE},
        {"$(touch x) `y` | z > w; &", "$(touch|x)|`y`|||z|>|w;|&", TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Words words = {0};
        g_autofree char *joined = NULL;

        g_test_message("%s", cases[i].line);
        g_assert_true(command_line_split(cases[i].line, &words) == cases[i].complete);
        joined = words.items != NULL ? g_strjoinv("|", words.items) : g_strdup("");
        g_assert_cmpstr(joined, ==, cases[i].words);
        words_clear(&words);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/firmware-parts/phases", test_phases);
    g_test_add_func("/firmware-parts/phases-end", test_phases_end);
    g_test_add_func("/firmware-parts/phases-bounds", test_phases_bounds);
    g_test_add_func("/firmware-parts/versions", test_versions);
    g_test_add_func("/firmware-parts/pack", test_pack);
    g_test_add_func("/firmware-parts/command-lines", test_command_lines);
    return g_test_run();
}
