#!/bin/sh
# restart-services.sh USER SERVICE...: lists separated by blanks are split.
# $1 is the user the document asks for, or empty.
set -euf
. "${0%/*}/handler-common"
user=${1-}
[ $# -eq 0 ] || shift
# shellcheck disable=SC2048,SC2086 # one argument may hold several names
set -- $*
need_names service "$@"

# Restarting errand from below errand would end this very step: that is queued for a moment later.
others=
for service in "$@"; do
    case $service in
        errandd | errandd.service)
            run_as "$user" systemd-run --quiet --collect --on-active=15 \
                systemctl restart errandd.service
            ;;
        *) others="$others $service" ;;
    esac
done
[ -z "$others" ] && exit 0
# shellcheck disable=SC2086 # a list
control_services restart "$user" $others
