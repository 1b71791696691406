#include "account.h"

#include "setting.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Room for one line of the account database; directories behind NSS have long ones. */
#define ENTRY_SIZE (64 * 1024)

static int
account_fill(Account *account, const struct passwd *entry)
{
    account->name = strdup(entry->pw_name);
    account->home = strdup(entry->pw_dir != NULL && *entry->pw_dir == '/' ? entry->pw_dir : "/");
    account->shell =
        strdup(entry->pw_shell != NULL && *entry->pw_shell == '/' ? entry->pw_shell : "/bin/sh");
    account->uid = entry->pw_uid;
    account->gid = entry->pw_gid;
    if (account->name != NULL && account->home != NULL && account->shell != NULL)
        return 0;
    account_clear(account);
    return -ENOMEM;
}

/* By name, or by uid when name is NULL. */
static int
account_look_up(const char *name, uid_t uid, Account *account)
{
    struct passwd entry, *found = NULL;
    char *buffer = malloc(ENTRY_SIZE);
    int result;

    *account = (Account){0};
    if (buffer == NULL)
        return -ENOMEM;
    if (name != NULL)
        result = -getpwnam_r(name, &entry, buffer, ENTRY_SIZE, &found);
    else
        result = -getpwuid_r(uid, &entry, buffer, ENTRY_SIZE, &found);
    if (found != NULL)
        result = account_fill(account, found);
    else if (result == 0 || result == -ESRCH)
        result = -ENOENT;
    free(buffer);
    return result;
}

int
account_find(const char *name, Account *account)
{
    return account_look_up(name, 0, account);
}

static int
account_add_groups(Account *account)
{
    int room = 32;

    for (int tries = 0; tries < 4; tries++) {
        gid_t *groups = reallocarray(account->groups, (size_t)room, sizeof *groups);

        if (groups == NULL)
            return -ENOMEM;
        account->groups = groups;
        account->n_groups = room;
        if (getgrouplist(account->name, account->gid, groups, &account->n_groups) >= 0)
            return 0;
        room = account->n_groups > room ? account->n_groups : room * 4;
    }
    return -E2BIG;
}

/* errand's own account, the only one it can be when it is not root. */
static int32_t
account_own(errand_job *job, const AccountChoice *choice, Account *account)
{
    int result = account_look_up(NULL, geteuid(), account);

    if (result == -ENOENT)
        result = account_fill(account, &(struct passwd){.pw_name = (char[]){"unnamed"},
                                                        .pw_uid = geteuid(),
                                                        .pw_gid = getegid()});
    if (result != 0)
        return errand_reject(job, "internal", "looking up errand's own account (uid %u): %s",
                             (unsigned)geteuid(), strerror(-result));
    if (choice->users_setting != NULL && choice->wanted != NULL && *choice->wanted != '\0' &&
        strcmp(choice->wanted, account->name) != 0)
        return errand_reject(job, "not-allowed",
                             "errand runs as \"%s\" and cannot become \"%s\": run errandd as root, "
                             "or leave the user out",
                             account->name, choice->wanted);
    return ERRAND_SUCCEEDED;
}

static int32_t
account_named(errand_job *job, const AccountChoice *choice, const char *name, Account *account)
{
    bool from_document = name == choice->wanted;
    int result = account_find(name, account);

    if (result == -ENOENT && from_document)
        return errand_reject(job, "not-found", "there is no account \"%s\" on this machine", name);
    if (result == -ENOENT)
        return errand_reject(job, "not-found",
                             "errand.conf: [plugin %s] default-user: there is no account \"%s\"",
                             choice->plugin, name);
    if (result == 0 && !choice->only_look && account->uid != geteuid())
        result = account_add_groups(account);
    if (result != 0)
        return errand_reject(job, "internal", "looking up the account \"%s\": %s", name,
                             strerror(-result));
    return ERRAND_SUCCEEDED;
}

int32_t
account_choose(errand_job *job, const AccountChoice *choice, Account *account)
{
    bool named = choice->users_setting != NULL && choice->wanted != NULL && *choice->wanted != '\0';
    const char *name = choice->wanted;
    int32_t verdict;

    *account = (Account){0};
    if (named && !setting_list_allows(job, choice->users_setting, name))
        return errand_reject(job, "not-allowed",
                             "errand.conf: [plugin %s] %s does not list the account \"%s\"",
                             choice->plugin, choice->users_setting, name);
    if (!named)
        name = setting_text(job, "default-user");
    if (name == NULL)
        name = choice->default_user;
    if (geteuid() != 0)
        verdict = account_own(job, choice, account);
    else
        verdict = account_named(job, choice, name, account);
    if (verdict != ERRAND_SUCCEEDED)
        account_clear(account);
    return verdict;
}

void
account_clear(Account *account)
{
    free(account->name);
    free(account->home);
    free(account->shell);
    free(account->groups);
    *account = (Account){0};
}
