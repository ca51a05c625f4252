"""What a school has switched on in the app.

A new table only, so a server of the release before runs beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_zz_year_areas"
down_revision = "2026_11_22_zz_sealed_audit"


def upgrade() -> None:
    op.create_table(
        "school_settings",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("areas", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_school_settings_school_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_school_settings_district_id"),
        sa.PrimaryKeyConstraint("school_id", name="pk_school_settings"),
    )
    op.create_index("ix_school_settings_district_id", "school_settings", ["district_id"])


def downgrade() -> None:
    op.drop_table("school_settings")
