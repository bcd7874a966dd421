"""Who is at the keyboard, and a row in the audit for a command that has changed something and writes none itself."""

from __future__ import annotations

import argparse
import asyncio
import os
import pwd
import sys

from countyhub import configfile
from countyhub.audit import trail
from countyhub.audit.trail import Asker
from countyhub.store.engine import UNAVAILABLE, locate, open_reader
from gridwire.problem import Problem

NOTED = {
    "backup": None, "restore": None, "prune": None, "migrate": None, "roster": None, "broker-config": None,
    "deadletter": {"retry"}, "key": None, "ca": {"init", "renew", "export"}, "config": {"set", "put", "push"},
    "matters": None,
}  # fmt: skip
"""Command -> its actions that are noted, None: all. What is done to users, tokens, cases, webhooks, boards, boxes and
the registry notes itself, in its own transaction."""


def keyboard() -> Asker:
    """The person at the keyboard, as far as the system knows."""
    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or _name_of(os.getuid())
    return Asker(f"cli/{user}"[:64])


def _name_of(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def note(args: argparse.Namespace) -> None:
    """After it was done; a database that takes nothing is said, for the thing is done already."""
    action = getattr(args, "action", "")
    wanted = NOTED.get(args.command, set())
    is_dry = getattr(args, "dry_run", False)
    if is_dry or not (wanted is None or action in wanted):
        return
    try:
        asyncio.run(_note(args, f"{args.command} {action}".strip()))
    except (*UNAVAILABLE, Problem) as error:
        print(f"audit: {error}", file=sys.stderr)


async def _note(args: argparse.Namespace, what: str) -> None:
    store = await open_reader(locate(configfile.load(args.config)))
    try:
        async with store.write() as connection:
            await trail.note(connection, "command", f"countyhub {what}")
    finally:
        await store.close()
