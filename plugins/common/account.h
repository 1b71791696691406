/* The account a child process runs as: who it is, and whether the owner allows it.
 *
 * All of the account database is read here, in the parent, because nothing of it may be touched
 * between clone and exec. There is no falling back: an account that cannot be had ends the step.
 */
#pragma once

#include <errand/plugin.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct {
    char *name;
    char *home;
    char *shell;
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* supplementary groups, the primary one included; NULL: those errand has */
    int n_groups;
} Account;

typedef struct {
    const char *plugin;        /* group of errand.conf, for the text */
    const char *wanted;        /* account named by the document; NULL or "" for none */
    const char *users_setting; /* allow-list for `wanted`, or NULL to take no account from it */
    const char *default_user;  /* when `default-user` is unset */
    bool only_look; /* leave the groups out: nothing is started yet. Looking them up loads
                       every service of nsswitch.conf, and is the dearest part by far */
} AccountChoice;

/* Chooses: what the document names, if the owner allows it; else the setting `default-user`; else
 * `default_user`. When errand does not run as root its own account is the only one there is. The
 * account errand runs as keeps the groups errand has.
 * ERRAND_SUCCEEDED, or the step is refused: not-allowed, not-found, internal. */
int32_t account_choose(errand_job *job, const AccountChoice *choice, Account *account);

/* Looks one account up by name, without its groups. 0, -ENOENT when there is none, or another
 * negative errno value. */
int account_find(const char *name, Account *account);

void account_clear(Account *account);
