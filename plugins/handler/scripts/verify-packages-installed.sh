#!/bin/sh
# verify-packages-installed.sh USER PACKAGE...: fails when one is missing, and names all that are.
# $1 is the user the document asks for, or empty.
set -euf
. "${0%/*}/handler-common"
user=${1-}
[ $# -eq 0 ] || shift
# shellcheck disable=SC2048,SC2086 # one argument may hold several names
set -- $*
need_names package "$@"

: "$user"
status=0
for package in "$@"; do
    if ! is_installed "$package"; then
        echo "not installed: $package" >&2
        status=1
    fi
done
exit $status
