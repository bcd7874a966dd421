"""The county's registry."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _areas()
    _staff()
    _devices()
    _matters()
    _imports()


def _table(name: str, keys: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        *(sa.Column(key, sa.String(length=32), nullable=False) for key in keys),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(*keys, "valid_from", name=op.f(f"pk_{name}")),
    )


def _text(name: str, length: int = 32) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _areas() -> None:
    _table("registry_area", ("code",), _text("name", 64), _text("level"), _text("parent"), _text("successor"))
    _table(
        "registry_grid",
        ("code",),
        _text("name", 64),
        _text("kind"),
        _text("village"),
        _text("successor"),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=True),
    )
    _table("registry_polygon", ("code",), sa.Column("geometry", sa.Text(), nullable=False))
    _table("registry_box", ("box",), _text("name", 64), _text("village"), _text("successor"))


def _staff() -> None:
    _table("registry_department", ("code",), _text("name", 64), _text("kind"), _text("area"))
    _table("registry_person", ("code",), _text("name", 64), _text("phone", 64), _text("card", 64))
    _table("registry_duty", ("person", "role", "place"))


def _devices() -> None:
    for name in ("registry_camera", "registry_terminal"):
        _table(
            name,
            ("box", "device"),
            _text("name", 64),
            _text("grid"),
            sa.Column("longitude", sa.Float(), nullable=True),
            sa.Column("latitude", sa.Float(), nullable=True),
        )


def _matters() -> None:
    _table("registry_category", ("code",), _text("name", 64), _text("ledger"), _text("handling"), _text("owner"))
    amount = sa.Column("amount", sa.Integer(), nullable=False)
    _table("registry_deadline", ("category", "level", "name"), amount, _text("unit"), _text("until"))
    _table("registry_service", ("code",), _text("name", 64), _text("mode"), _text("category"), _text("owner"))
    every_days = sa.Column("every_days", sa.Integer(), nullable=True)
    _table("registry_household", ("code",), _text("grid"), _text("kind"), every_days, _text("month_days", 64))
    op.create_table(
        "registry_day",
        sa.Column("day", sa.Date(), nullable=False),
        _text("kind"),
        _text("name", 64),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_registry_day")),
    )


def _imports() -> None:
    op.create_table(
        "registry_import",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _text("by", 64),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("changes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_import")),
    )
    op.create_table(
        "registry_place",
        _text("kind", 8),
        _text("code"),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        *(_text(name) for name in ("village", "township", "county")),
        sa.PrimaryKeyConstraint("kind", "code", "since", name=op.f("pk_registry_place")),
    )
    for name in ("village", "township"):
        op.create_index(op.f(f"ix_registry_place_{name}"), "registry_place", [name])
