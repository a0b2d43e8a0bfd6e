#!/bin/sh
# An Asterisk of at least version 20 for a machine whose distribution has none: Debian unstable's packages, unpacked into a
# private folder. Nothing is installed, no root is needed; it runs by its own loader, without chroot (asterisk.py).
#
#   asterisk-root.sh CACHE        does nothing when the machine has one, or CACHE/asterisk-root is there
set -eu
cache=$1
root=$cache/asterisk-root

major() { sed -n 's/.*Asterisk \([0-9][0-9]*\)\..*/\1/p'; }

if command -v asterisk > /dev/null || [ -x /usr/sbin/asterisk ]; then
    found=$(PATH=$PATH:/usr/sbin asterisk -V 2> /dev/null | major)
    [ "${found:-0}" -lt 20 ] || exit 0
fi
[ -x "$root/usr/sbin/asterisk" ] && exit 0

mkdir -p "$cache"
exec 9> "$cache/asterisk.lock"
flock 9   # two first starts at once fetch it once
[ -x "$root/usr/sbin/asterisk" ] && exit 0

# The machine's own mirror, when it has one of Debian's archive.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2> /dev/null |
    sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' |
    grep -E '/debian/?$' | head -n 1) || true
mirror=${SIXRING_DEBIAN_MIRROR:-${mirror:-http://deb.debian.org/debian}}
suite=${SIXRING_DEBIAN_SUITE:-sid}
echo "install: Asterisk from $mirror $suite (about 90 MB)" >&2

work=$cache/asterisk.part
rm -rf "$work"
mkdir -p "$work/root" "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/apt/etc/preferences.d" "$work/apt/empty"
trap 'rm -rf "$work"' EXIT
: > "$work/apt/status"
signed=
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keys" ] && signed=" [signed-by=$keys]"
echo "deb$signed $mirror $suite main" > "$work/apt/sources.list"

# An apt of its own: its own lists, an empty status so that every library comes along, nothing of the machine's touched.
# A stale mirror makes apt refuse the suite; the signature is checked all the same.
cat > "$work/apt.conf" << CONF
Dir::State "$work/apt";
Dir::State::lists "$work/apt/lists";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt";
Dir::Cache::archives "$work/apt/archives";
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "$work/apt/empty";
Dir::Etc::preferencesparts "$work/apt/empty";
Dir::Log "$work/apt";
APT::Sandbox::User "";
APT::Get::AllowUnauthenticated "false";
APT::Install-Recommends "false";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
CONF
fetch() { APT_CONFIG=$work/apt.conf DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" < /dev/null > "$work/out" 2>&1 || {
    tail -n 15 "$work/out" >&2
    echo "install: $mirror $suite did not give an Asterisk: install one >= 20 yourself, or give SIXRING_AMI=host:port," >&2
    echo "install: or another mirror with SIXRING_DEBIAN_MIRROR" >&2
    exit 1
}; }
fetch update
fetch install -y --download-only asterisk asterisk-modules

# Newer packages keep everything below /usr; older ones need the links first.
for name in bin sbin lib lib64; do mkdir -p "$work/root/usr/$name" && ln -s "usr/$name" "$work/root/$name"; done
for package in "$work"/apt/archives/*.deb; do dpkg-deb --fsys-tarfile "$package" |
    tar -x -C "$work/root" --no-same-owner --keep-directory-symlink \
        --exclude='./usr/share/man' --exclude='./usr/share/locale' --exclude='./dev' --exclude='./var/lib/dpkg'; done
chmod -R u+rwX,go+rX,go-w "$work/root"
chmod 755 "$work/root"
[ -x "$work/root/usr/sbin/asterisk" ] || { echo "install: the packages hold no asterisk" >&2; exit 1; }
mv "$work/root" "$root"
