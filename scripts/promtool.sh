#!/bin/sh
# Puts promtool, which checks metrics, alert rules and their tests, into .cache/promtool/. It is taken out of Debian's
# package `prometheus` without installing that: installed, it would start a server.
set -eu
cd "$(dirname "$0")/.."
command -v promtool >/dev/null && exit 0
folder=.cache/promtool
[ -x "$folder/usr/bin/promtool" ] && exit 0
command -v apt-get >/dev/null || { echo "no promtool, and this is no Debian to take it from" >&2; exit 1; }
part=$(mktemp -d)
trap 'rm -rf "$part"' EXIT
chmod 755 "$part"
fetch() { ( cd "$part" && apt-get download -qq prometheus >/dev/null 2>&1 ); }
fetch || { [ "$(id -u)" = 0 ] && apt-get update -qq && fetch; } || {
    echo "no promtool: apt-get download prometheus failed; package lists may be missing: apt-get update" >&2
    exit 1
}
mkdir -p "$folder"
dpkg-deb --fsys-tarfile "$part"/prometheus_*.deb | tar -x -C "$folder" ./usr/bin/promtool
