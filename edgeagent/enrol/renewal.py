"""Renews the certificate in time, beside the running agent: in a child process, so that its libraries cost nothing.

Nothing is reloaded: the link reads its files at every connection, and the one that stands goes on. When the hub cannot
be reached because of certificates, the same order mends it: it fetches the CA that follows the one we know.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edgeagent.enrol.identity import PEM, Identity, Record

log = logging.getLogger(__name__)

LOOK_EVERY_S = 600.0
AGAIN_AFTER = timedelta(hours=6)
"""After an attempt, also a vain one: two small connections, even a metered line bears that."""
DOWN_FOR = timedelta(minutes=30)
TIMEOUT_S = 180.0
TELL_BEFORE = timedelta(days=30)
ENV_FIRST_S = "EDGEAGENT_RENEW_FIRST_S"
"""For tests: seconds to the first look."""


class Renewal:
    """`run` until cancelled. `trouble`: code of the link's last error, empty while it stands."""

    def __init__(self, config: Path, certificate: str, trouble: Callable[[], str]) -> None:
        self._config, self._trouble = config, trouble
        path = Path(certificate)
        self.identity = Identity(path.parent) if path.name == PEM else None
        """None where the certificate did not come from enrolment: then somebody else renews it."""
        self._tried: datetime | None = None
        self._down_since: datetime | None = None

    async def run(self) -> None:
        if self.identity is None:
            return
        # Boxes that came back together after a power cut should not ask together.
        await asyncio.sleep(float(os.environ.get(ENV_FIRST_S) or random.uniform(60.0, LOOK_EVERY_S)))
        while True:
            record = self.identity.record()
            now = datetime.now(UTC)
            if record is not None and self.is_due(record, now):
                self._tried = now
                await self._renew(record)
            await asyncio.sleep(LOOK_EVERY_S)

    def is_due(self, record: Record, now: datetime) -> bool:
        """Two thirds of its life are over, or certificates have kept us from the hub for half an hour."""
        trouble = self._trouble()
        is_ours = trouble.startswith("tls") or trouble in ("lost", "no_connack")
        self._down_since = (self._down_since or now) if is_ours else None
        if self._tried is not None and timedelta() <= now - self._tried < AGAIN_AFTER:
            return False
        return now >= record.renew_from or (self._down_since is not None and now - self._down_since >= DOWN_FOR)

    async def _renew(self, record: Record) -> None:
        status, words = await self._child()
        if status == 0:
            log.info("the box's certificate was renewed: %s", words)
        elif record.expires - datetime.now(UTC) < TELL_BEFORE:
            log.error("the box's certificate ends on %s and could not be renewed: %s", record.expires.date(), words)
        else:
            log.warning("the box's certificate is not renewed yet: %s", words)

    async def _child(self) -> tuple[int | None, str]:
        """Exit status, None when it took too long, and what it said."""
        order = [sys.executable, "-m", "edgeagent.cli", "enroll", "--renew", "--config", str(self._config)]
        path = os.pathsep.join(entry for entry in sys.path if entry)
        child = await asyncio.create_subprocess_exec(
            *order, stdin=DEVNULL, stdout=PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        try:
            async with asyncio.timeout(TIMEOUT_S):
                output, _ = await child.communicate()
        except TimeoutError:
            return None, f"{TIMEOUT_S:g} s"
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        return child.returncode, output.decode("utf-8", "replace").strip()[-500:]
