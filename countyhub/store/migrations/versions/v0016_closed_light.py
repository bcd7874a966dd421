"""The index of what was closed when answers by the light of a case, no longer by its first deadline."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_cases_closed", table_name="cases")
    where = sa.text("closed IS NOT NULL")
    columns = ["closed", "village", "township", "light", "stage", "drill", "returned", "score"]
    op.create_index("ix_cases_closed", "cases", columns, sqlite_where=where, postgresql_where=where)
