"""A number that changes with the directory of districts, so that every process notices.

A new table only, so a server of the release before runs beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_zz_directory"
down_revision = "2026_11_22_without_a_key"


def upgrade() -> None:
    version = op.create_table(
        "directory_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory_version"),
    )
    op.bulk_insert(version, [{"id": 1, "number": 0}])


def downgrade() -> None:
    op.drop_table("directory_version")
