"""What dpkg runs around a package: few steps, each harmless when repeated or cut off in the middle."""

from __future__ import annotations

from deb.archive import File
from deb.target import Package

_COMPILE = """\
# Compiled once, here: the service cannot write there. -f: an older file may have the same date and size.
/usr/bin/python3 -IS -m compileall -q -f -j 0 /usr/lib/{folder} || true
"""
_DROP_COMPILED = """\
find /usr/lib/{folder} -name __pycache__ -type d -prune -exec rm -rf {{}} + 2>/dev/null || true
"""
_POSTINST = """\
systemd-sysusers {name}.conf
systemd-tmpfiles --create {name}.conf || true
"""
_ENABLE = """\
deb-systemd-helper unmask {unit} >/dev/null || true
if deb-systemd-helper --quiet was-enabled {unit}; then
    deb-systemd-helper enable {unit} >/dev/null || true
else
    deb-systemd-helper update-state {unit} >/dev/null || true
fi
"""
_NOTE = """\
deb-systemd-helper unmask {unit} >/dev/null || true
deb-systemd-helper update-state {unit} >/dev/null || true
"""
_START = """\
if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
    {udev}if [ -n "$2" ]; then
        deb-systemd-invoke restart {units} || true
    else
        deb-systemd-invoke start {units} || true
    fi
fi
"""
_UDEV = "udevadm control --reload >/dev/null 2>&1 || true\n    "
_AGENT_AGAIN = """\
if [ -d /run/systemd/system ]; then
    deb-systemd-invoke try-restart edgeagent.service || true  # it looks for OpenCV when it starts
fi
"""
_BACKUPS = """\
rmdir /var/backups/{name} 2>/dev/null || true  # not while one is in it
"""
_STOP = """\
if [ -d /run/systemd/system ]; then
    deb-systemd-invoke stop {units} || true
fi
"""
_GONE = """\
if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
fi
"""
_PURGE = """\
deb-systemd-helper purge {known} >/dev/null || true
deb-systemd-helper unmask {known} >/dev/null || true
rm -rf /etc/{name} /var/lib/{name} /run/{name}{elsewhere}
{backups}if getent passwd {name} >/dev/null; then
    userdel {name} || true
fi
if getent group {name} >/dev/null; then
    groupdel {name} || true
fi
"""
STOPPED = {
    "countyhub": (
        "countyhub-backup.timer", "countyhub-backup.service", "countyhub-broker.path", "countyhub-broker.service",
        "countyhub.service", "'countyhub-ingest@*.service'",
    ),
}  # fmt: skip
"""Units to be stopped where they are more than those to be started."""
_ELSEWHERE = {
    "countyhub": " /etc/mosquitto/countyhub /etc/mosquitto/conf.d/countyhub.conf "
    "/var/lib/systemd/timers/stamp-countyhub-backup.timer",
}
"""What `broker-config` has written, with the server's key; when the timer last ran."""


def scripts(package: Package) -> dict[str, File]:
    """Name -> maintainer script."""
    facts = {
        "name": package.name,
        "folder": package.folder,
        "units": " ".join(package.services),
        "known": " ".join((*package.services, *package.on_request)),
        "udev": _UDEV if package.name == "edgeagent" else "",
        "elsewhere": _ELSEWHERE.get(package.name, ""),
        "backups": _BACKUPS.format(name=package.name) if package.on_request else "",
    }
    install, drop = _COMPILE.format(**facts), _DROP_COMPILED.format(**facts)
    if not package.services:
        again = _case("configure", install + _AGENT_AGAIN)
        return {"postinst": again, "prerm": _script(drop), "postrm": _case("remove", _AGENT_AGAIN)}
    enable = "".join(_ENABLE.format(unit=unit) for unit in package.services)
    enable += "".join(_NOTE.format(unit=unit) for unit in package.on_request)
    stop = _STOP.format(units=" ".join(STOPPED.get(package.name, package.services)))
    return {
        "postinst": _case("configure", _POSTINST.format(**facts) + install + enable + _START.format(**facts)),
        # An upgrade restarts at its end: a box is blind for a second, not for as long as dpkg takes.
        "prerm": _script(f'if [ "$1" = remove ]; then\n{_indent(stop)}fi\n{drop}'),
        "postrm": _script(_GONE + f'if [ "$1" = purge ]; then\n{_indent(_PURGE.format(**facts))}fi\n'),
    }


def _case(when: str, text: str) -> File:
    return _script(f'if [ "$1" = {when} ]; then\n{_indent(text)}fi\n')


def _script(text: str) -> File:
    return File(f"#!/bin/sh\nset -e\n{text}exit 0\n".encode(), 0o755)


def _indent(text: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))
