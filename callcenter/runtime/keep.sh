#!/bin/sh
# Keeps one process alive for the supervisor.
#
#   keep.sh adopt   PIDFILE LOG COMMAND…   Asterisk, Redis, supervisord: the process is nobody's child. Killing the
#                                          supervisor, with any signal, does not touch it; the next keeper finds it again.
#   keep.sh replace PIDFILE -   COMMAND…   our Python processes: one that an earlier supervisor left behind is ended first,
#                                          so that there are never two.
#
# PIDFILE.starts holds the times of the last twenty starts, for `doctor`.
# PIDFILE holds `<boot id> <pid> <start time>`: a number that was used again for another program is never taken for ours.
# While `wanted` lies beside PIDFILE, a TERM makes an adopting keeper only let go; once `sixring down` has removed it,
# the TERM is passed on. A process that dies soon after its start is started again after 1, 2 … 5 seconds, for ever.
set -u
how=$1 pidfile=$2 log=$3
shift 3
run=${pidfile%/*}
read -r boot < /proc/sys/kernel/random/boot_id

# lives PID BORN: the very process, and not a zombie that nobody has reaped.
lives() {
    { read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 1
    born=$2
    # shellcheck disable=SC2086  # the fields after the name, which may hold spaces and brackets
    set -- ${stat##*) }
    [ "$1" != Z ] && [ "$1" != X ] && [ "${20}" = "$born" ]
}

found() {
    { read -r its_boot pid its_birth < "$pidfile"; } 2>/dev/null || return 1
    [ "$its_boot" = "$boot" ] && lives "$pid" "$its_birth"
}

become() {
    read -r stat < "/proc/$$/stat"
    set -- ${stat##*) }
    echo "$boot $$ ${20}" > "$pidfile.$$" && mv "$pidfile.$$" "$pidfile"
    { tail -n 19 "$pidfile.starts" 2>/dev/null; date +%s; } > "$pidfile.starts.$$" && mv "$pidfile.starts.$$" "$pidfile.starts"
}

pace() {
    last=$(stat -c %Y "$pidfile" 2>/dev/null || echo 0)
    tries=0
    if [ $(($(date +%s) - last)) -lt 5 ]; then
        tries=$(($(cat "$pidfile.quick" 2>/dev/null || echo 0) + 1))
        [ "$tries" -gt 5 ] && tries=5
    fi
    echo "$tries" > "$pidfile.quick"
    [ "$tries" -gt 0 ] || return 0
    sleep "$tries" 9>&- &
    wait $!
}

if [ "$how" = exec ]; then
    if [ "$(stat -c %s "$log" 2>/dev/null || echo 0)" -gt 5000000 ]; then mv "$log" "$log.1"; fi
    exec >> "$log" 2>&1 < /dev/null 9>&-
    become
    exec "$@"
fi

# Two keepers of one process, of an old and a new supervisor, come one after the other.
exec 9>> "$pidfile.lock"
flock 9

if [ "$how" = replace ]; then
    if found; then
        kill -TERM "$pid" 2>/dev/null
        waited=0
        while lives "$pid" "$its_birth" && [ "$waited" -lt 50 ]; do sleep 0.1 9>&-; waited=$((waited + 1)); done
        if lives "$pid" "$its_birth"; then kill -KILL "$pid"; fi
    else
        pace
    fi
    become
    exec 9>&-
    exec "$@"
fi

pid=
unwanted=
watcher=
stop() {
    if [ -e "$run/wanted" ]; then
        [ -z "$watcher" ] || kill "$watcher" 2>/dev/null
        exit 0
    fi
    unwanted=yes
    [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
}
trap stop TERM INT

if ! found; then
    pid=
    pace
    rm -f "$pidfile"
    setsid sh "$0" exec "$pidfile" "$log" "$@" &
    until [ -e "$pidfile" ] || ! kill -0 $! 2>/dev/null; do sleep 0.05 9>&-; done
    found || exit 1
fi
exec 9>&-
[ -z "$unwanted" ] || stop
# One program that looks twice a second, instead of one started twice a second: keepers run for years.
while lives "$pid" "$its_birth"; do
    tail --pid="$pid" --sleep-interval=0.5 -f /dev/null > /dev/null 2>&1 &
    watcher=$!
    wait "$watcher" || sleep 0.5
done
