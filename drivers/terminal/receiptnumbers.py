"""Receipt numbers, and the last one given, which is remembered so that its rating finds it after a power cut too."""

import secrets
from datetime import datetime
from typing import Self

import msgspec

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARS = 9


def new_receipt_number() -> str:
    """`R` and nine of Crockford's characters, no two of which look alike.

    One of 35 million million: a village that gives fifty a day gives one twice in some 300,000 years, and a whole
    county of 400 such villages gives all of a year's different ones more likely than not.
    """
    return "R" + "".join(secrets.choice(_ALPHABET) for _ in range(_CHARS))


class LastReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """The last receipt that was given, and when."""

    receipt: str
    at: datetime

    @classmethod
    def decode(cls, remembered: bytes | None) -> Self | None:
        """What an earlier process remembered; None when that is nothing, or cannot be read."""
        try:
            last = msgspec.json.decode(remembered or b"null", type=cls | None)
        except msgspec.MsgspecError:
            return None
        return last if last is not None and last.at.tzinfo is not None else None

    def encode(self) -> bytes:
        return msgspec.json.encode(self)

    def left_s(self, now: datetime, within_s: float) -> float:
        """Seconds in which a rating still belongs to it; none when the clock has been set back behind it."""
        age_s = (now - self.at).total_seconds()
        return within_s - age_s if 0 <= age_s < within_s else 0.0
