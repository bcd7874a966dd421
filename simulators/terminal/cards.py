"""Invented ID cards, with the 256 bytes of text that a real one of their kind carries and a photo of noise.

Promises: numbers have a right check digit; the people do not exist.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SURNAMES = "王李张刘陈杨黄赵周吴徐孙"
_GIVEN = "伟芳娜敏静强磊洋艳勇军杰娟涛明超兰霞平刚"


@dataclass(frozen=True)
class Card:
    """A card as it lies on the reader. `text` is 256 bytes, `photo` 1024."""

    number: str
    name: str
    text: bytes = field(repr=False)
    photo: bytes = field(default=bytes(range(256)) * 4, repr=False)


def with_check_character(first_17: str) -> str:
    """The 18-character number for 17 digits (GB 11643)."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_17, strict=True))
    return first_17 + "10X98765432"[total % 11]


def random_number(rng: random.Random, region: str = "110101") -> str:
    """A number of a grown-up who does not exist."""
    born = date(1950, 1, 1) + timedelta(days=rng.randrange(50 * 365))
    return with_check_character(f"{region}{born:%Y%m%d}{rng.randrange(1, 1000):03d}")


def random_name(rng: random.Random) -> str:
    return rng.choice(_SURNAMES) + "".join(rng.choices(_GIVEN, k=rng.choice((1, 2))))


def resident(number: str, name: str, *, end: str = "长期", birth: str = "", kind: str = " ") -> Card:
    """A resident card. `birth` (YYYYMMDD) is that of the number unless another one is given; `kind` is at byte 248."""
    fields = (
        (name, 30), ("1", 2), ("01", 4), (birth or number[6:14], 16), ("某省某县某村1组1号", 70), (number, 36),
        ("某县公安局", 30), ("20200101", 16), (end, 16), ("", 28), (kind, 2), ("", 6),
    )  # fmt: skip
    return Card(number, name, _text(fields))


def foreigner(number: str, name: str, *, birth: str = "19810102") -> Card:
    """A foreigner's permanent residence card of 2017 (kind `I`)."""
    fields = (
        (name, 120), ("1", 2), (number, 30), (number[:3], 6), ("", 30), ("20200101", 16), ("20300101", 16),
        (birth, 16), ("01", 4), ("1500", 8), ("I", 2), ("", 6),
    )  # fmt: skip
    return Card(number, name, _text(fields))


def foreigner_2023(number: str, name: str, *, chinese_name: str = "", birth: str = "", kind: str = "Y") -> Card:
    """A foreigner's permanent residence card as issued since 2023: the number has 18 digits and begins with 9."""
    fields = (
        (chinese_name, 30), ("1", 2), ("00", 4), (birth or number[6:14], 16), (name[:35], 70), (number, 36), ("", 30),
        ("20231201", 16), ("20331201", 16), (name[35:46], 22), (number[3:6], 6), (kind, 2), ("", 6),
    )  # fmt: skip
    return Card(number, name, _text(fields))


def random_card(rng: random.Random) -> Card:
    return resident(random_number(rng), random_name(rng))


def _text(fields: tuple[tuple[str, int], ...]) -> bytes:
    return b"".join(value.ljust(size // 2).encode("utf-16-le")[:size] for value, size in fields)
