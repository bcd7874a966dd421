"""The program in /usr/bin: the system's Python, closed to the environment and to the system's own Python packages."""

from __future__ import annotations

from deb.target import Package


def launcher(package: Package, python: str) -> bytes:
    """`-I`: no PYTHON* variables, nothing from the current folder; `-S`: no dist-packages, no user's site."""
    folders = [f"/usr/lib/{package.name}/site"]
    if package.name == "edgeagent":
        folders += ["/usr/lib/edgeagent/vision", "/usr/local/lib/edgeagent"]
    listed = "".join(f'    "{folder}",\n' for folder in folders)
    return f'''#!/usr/bin/python3 -IS
import sys

if sys.version_info[:2] != ({python.replace(".", ", ")}):
    sys.exit("{package.name}: this package is for Python {python}, here is " + sys.version.split()[0])
sys.dont_write_bytecode = True
sys.path += [
{listed}]

import faulthandler

faulthandler.enable()  # the watchdog's SIGABRT leaves in the journal where every thread stood

from {package.name}.cli import main

sys.exit(main())
'''.encode()
