"""When a delivery that failed is tried again. Pure.

The pauses are those that Standard Webhooks 1.0.0 recommends: ten attempts within 75 hours and 35 minutes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

PAUSES_S = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
JITTER = 0.1
"""A pause is this part shorter or longer, so that what failed together does not come back together."""
MAX_WAIT = timedelta(hours=24)
ASKS_TO_WAIT = frozenset({429, 503})


def next_attempt(failures: int, now: datetime, chance: float) -> datetime | None:
    """After so many failed attempts, the first included; None: it is given up. `chance`: 0 up to 1."""
    if failures > len(PAUSES_S):
        return None
    return now + timedelta(seconds=PAUSES_S[failures - 1] * (1 - JITTER + 2 * JITTER * chance))


def wait_until(status: int, retry_after: str, now: datetime) -> datetime | None:
    """Until when a 429 or 503 asks us to wait, a day at most; None: it does not say."""
    if status not in ASKS_TO_WAIT or not retry_after:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        pause = timedelta(seconds=min(int(retry_after[:9]), MAX_WAIT.total_seconds()))
    else:
        try:
            until = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        pause = min((until if until.tzinfo else until.replace(tzinfo=UTC)) - now, MAX_WAIT)
    return now + max(pause, timedelta(seconds=1))
