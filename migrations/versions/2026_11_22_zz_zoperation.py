"""What is left of older secret keys, and which workers run.

New tables only, so a server of the release before runs beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_zz_zoperation"
down_revision = "2026_11_22_zz_year_households"


def upgrade() -> None:
    op.create_table(
        "kept_keys",
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.Column("sealed_keys", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_kept_keys"),
    )
    op.create_table(
        "worker_beats",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("release", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker_beats"),
    )


def downgrade() -> None:
    op.drop_table("worker_beats")
    op.drop_table("kept_keys")
