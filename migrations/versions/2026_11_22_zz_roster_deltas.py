"""What a package of changes needs to know of the roster that is stored, and ends that are planned.

Nullable columns and a new table only, so a server of the release before runs beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_zz_roster_deltas"
down_revision = "2026_11_22_zz_directory"


def upgrade() -> None:
    op.add_column("persons", sa.Column("relation", sa.String(length=32), nullable=True))
    op.add_column("persons", sa.Column("role_rows", sa.Text(), nullable=True))
    op.add_column("persons", sa.Column("leaves_at", sa.DateTime(timezone=True), nullable=True))
    leaving = sa.text("leaves_at IS NOT NULL")
    op.create_index("ix_persons_leaves_at", "persons", ["leaves_at"], sqlite_where=leaving, postgresql_where=leaving)
    op.add_column("relationships", sa.Column("said_by", sa.String(length=8), nullable=True))
    op.create_table(
        "other_orgs",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("sourced_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_other_orgs_district_id"),
        sa.PrimaryKeyConstraint("district_id", "sourced_id", name="pk_other_orgs"),
    )


def downgrade() -> None:
    op.drop_table("other_orgs")
    op.drop_column("relationships", "said_by")
    op.drop_index("ix_persons_leaves_at", "persons")
    for column in ("leaves_at", "role_rows", "relation"):
        op.drop_column("persons", column)
