#!/bin/sh
# start-services.sh USER SERVICE...: lists separated by blanks are split.
# $1 is the user the document asks for, or empty.
set -euf
. "${0%/*}/handler-common"
user=${1-}
[ $# -eq 0 ] || shift
# shellcheck disable=SC2048,SC2086 # one argument may hold several names
set -- $*
control_services start "$user" "$@"
