#!/bin/sh
# Watches the supervisor itself where no systemd does: whoever kills it gets it back a second later.
#
#   watch.sh RUN LOG COMMAND…      ends when `sixring down` has removed RUN/wanted, and then the supervisor is down too
set -u
run=$1 log=$2
shift 2
exec 8>> "$run/watch.lock"
flock -n 8 || exit 0   # another one watches
while [ -e "$run/wanted" ]; do
    sh "$run/keep.sh" adopt "$run/supervisord.pid" "$log" "$@" 8>&-
    [ ! -e "$run/wanted" ] || sleep 0.5 8>&-
done
