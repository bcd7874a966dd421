#!/bin/sh
# Walks README's two commands on a bare Debian, and times them: what a newcomer's machine needs is what is typed here.
# Usage, as root, with mmdebstrap: scripts/barewalk.sh [bookworm|trixie]. Tree: the last commit. Leaves nothing behind.
set -eu
SUITE=${1:-bookworm}
TREE=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" = 0 ] || { echo "a Debian is made and entered by root only" >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }

BARE=$(mktemp -d "${TMPDIR:-/var/tmp}/bare.XXXXXX")
end() {
    for under in dev/shm dev/pts dev proc sys; do umount "$BARE/$under" 2>/dev/null || true; done
    rm -rf --one-file-system "$BARE"
}
trap end EXIT
trap 'exit 130' INT TERM

timed() { # timed WHAT COMMAND...: says how long it took; ends the walk where it fails
    what=$1 began=$(date +%s); shift
    "$@" || { echo "FAILED: $what, after $(($(date +%s) - began)) s" >&2; exit 1; }
    echo "== $what: $(($(date +%s) - began)) s"
}
inside() { # inside USER LINE
    chroot "$BARE" env -i HOME="/home/$1" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI="${CI:-}" \
        runuser -u "$1" -- sh -c "cd /srv/tree && $2"
}

timed "bare $SUITE" mmdebstrap --mode=root --variant=minbase --quiet --include=ca-certificates "$SUITE" "$BARE"
for under in proc sys dev dev/pts dev/shm; do mount --bind "/$under" "$BARE/$under"; done
cp /etc/resolv.conf "$BARE/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$BARE/etc/ssl/certs/ca-certificates.crt" # a proxy that inspects has its own
chroot "$BARE" useradd --create-home newcomer
git clone --quiet "$TREE" "$BARE/srv/tree"
chown -R 1000:1000 "$BARE/srv/tree"

echo "== $(grep PRETTY_NAME "$BARE/etc/os-release" | cut -d'"' -f2), $(nproc) cores, commit $(git -C "$TREE" rev-parse --short HEAD)"
timed "apt-get install python3 python3-venv make gcc" chroot "$BARE" sh -c \
    'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends python3 python3-venv make gcc >/dev/null'
timed "make demo, first time, without root, for 60 s" inside newcomer 'make demo DEMO_ARGS="--seconds 60 --language en"'
timed "make demo again, for 60 s" inside newcomer 'make demo DEMO_ARGS="--seconds 60 --language en" >/dev/null'
timed "make test, as root, first time" inside root 'make test'
timed "make test again" inside root 'make test'
