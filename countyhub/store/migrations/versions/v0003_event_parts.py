"""The inbox in monthly parts on PostgreSQL; event numbers from a counter; pictures by age.

The counter starts where the events are: what is pruned later does not make a number come again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from countyhub.store import partitions

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("value", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.execute("INSERT INTO counter (name, value) SELECT 'event', coalesce(max(id), 0) FROM event")
    op.create_index(op.f("ix_media_received"), "media", ["received"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _into_parts()


def _into_parts() -> None:
    op.execute("ALTER TABLE event RENAME TO event_whole")
    op.execute("ALTER TABLE event_whole DROP CONSTRAINT pk_event")
    op.execute("DROP INDEX ix_event_box_id")
    op.execute("CREATE TABLE event (LIKE event_whole INCLUDING DEFAULTS) PARTITION BY RANGE (received)")
    op.execute("ALTER TABLE event ADD CONSTRAINT pk_event PRIMARY KEY (id, received)")
    op.execute("CREATE INDEX ix_event_box_id ON event (box, id)")
    op.execute(f"CREATE TABLE {partitions.DEFAULT} PARTITION OF event DEFAULT")
    op.execute("INSERT INTO event SELECT * FROM event_whole")
    op.execute("DROP TABLE event_whole")
    partitions.make(op.get_bind(), partitions.strays(op.get_bind()))
