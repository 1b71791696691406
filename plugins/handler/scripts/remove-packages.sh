#!/bin/sh
# remove-packages.sh USER PACKAGE...: lists separated by blanks are split; configuration goes, too.
# $1 is the user the document asks for, or empty.
set -euf
. "${0%/*}/handler-common"
user=${1-}
[ $# -eq 0 ] || shift
# shellcheck disable=SC2048,SC2086 # one argument may hold several names
set -- $*
need_names package "$@"

run_as "$user" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get remove -y --purge \
    -o DPkg::Lock::Timeout=300 -- "$@"
