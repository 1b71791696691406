#!/bin/sh
# install-packages.sh USER PACKAGE...: lists separated by blanks are split.
# $1 is the user the document asks for, or empty.
set -euf
. "${0%/*}/handler-common"
user=${1-}
[ $# -eq 0 ] || shift
# shellcheck disable=SC2048,SC2086 # one argument may hold several names
set -- $*
need_names package "$@"

# Configuration the owner has changed stays as it is, and nothing ever waits for an answer.
run_as "$user" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get install -y \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o DPkg::Lock::Timeout=300 -- "$@"
