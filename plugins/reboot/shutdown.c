#include "power.h"

#include "boot-id.h"
#include "child.h"
#include "setting.h"

#include <errno.h>
#include <string.h>

#define POWER_OFF_WAIT_S (5 * 60)

int32_t
power_boot_id(errand_job *job, char boot_id[BOOT_ID_SIZE])
{
    const char *file = setting_text(job, "boot-id-file");

    if (file == NULL)
        file = BOOT_ID_FILE;
    if (boot_id_read(file, boot_id))
        return ERRAND_SUCCEEDED;
    return errand_fail(job, "internal", "reading %s: %s", file, strerror(errno));
}

PowerAsked
power_asked(errand_job *job, const char *boot_id)
{
    size_t length = 0;
    const char *saved = errand_load_state(job, &length);

    if (saved == NULL)
        return POWER_NOT_ASKED;
    return length == strlen(boot_id) && memcmp(saved, boot_id, length) == 0
               ? POWER_ASKED_ON_THIS_BOOT
               : POWER_ASKED_BEFORE_THIS_BOOT;
}

int32_t
power_save(errand_job *job, const char *boot_id)
{
    if (errand_save_state(job, boot_id, strlen(boot_id)) == 0)
        return ERRAND_SUCCEEDED;
    return errand_fail(job, "internal", "the boot id could not be saved");
}

/* env looks the program up on the fixed PATH. The account is errand's own: nothing is switched. */
static int32_t
run_command(errand_job *job)
{
    static const char *const standard[] = {"systemctl", "poweroff", NULL};
    AccountChoice choice = {"reboot", NULL, NULL, "root"};
    Words argv = {0}, environment = {0};
    Account account;
    const char *word;
    int32_t verdict = account_choose(job, &choice, &account);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    child_environment(job, &account, &environment);
    words_add(&argv, "env");
    words_add(&argv, "--");
    for (int32_t i = 0; (word = setting_list_item(job, "shutdown-command", standard, i)); i++)
        words_add(&argv, word);
    if (argv.count > 2 && words_ok(&argv) && words_ok(&environment)) {
        ChildSpec spec = {"/usr/bin/env", argv.items, environment.items, "/", NULL};

        verdict = child_run(job, &spec);
    } else {
        verdict =
            errand_fail(job, "internal", "errand.conf: [plugin reboot] shutdown-command: empty");
    }
    words_clear(&argv);
    words_clear(&environment);
    account_clear(&account);
    return verdict;
}

int32_t
power_shutdown(errand_job *job)
{
    int64_t wait_ms = POWER_OFF_WAIT_S * 1000;
    char boot_id[BOOT_ID_SIZE];
    int32_t verdict = power_check(job);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = setting_duration(job, "reboot", "shutdown-timeout", &wait_ms);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = power_boot_id(job, boot_id);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (errand_start(job) != ERRAND_START_FIRST &&
        power_asked(job, boot_id) == POWER_ASKED_BEFORE_THIS_BOOT)
        return ERRAND_SUCCEEDED;
    verdict = power_delay(job);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = power_save(job, boot_id);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = run_command(job);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = power_wait(job, wait_ms / 1000);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    return errand_fail(job, "reboot-did-not-happen",
                       "the machine is still on %d s after the power-off was asked for",
                       (int)(wait_ms / 1000));
}
