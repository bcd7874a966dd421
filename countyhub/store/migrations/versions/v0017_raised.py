"""When something last began in a matter: what began after its case was closed opens another.

Rows from before say 0, "long ago"; the follower writes those that may still change anew when it begins.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("matter", sa.Column("raised_us", _NUMBER, nullable=False, server_default="0"))
