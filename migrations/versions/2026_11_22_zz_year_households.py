"""Households of families, and what guardians say about them.

New tables only, so a server of the release before runs beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_zz_year_households"
down_revision = "2026_11_22_zz_year_areas"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "households",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("verified_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_households_district_id"),
        sa.PrimaryKeyConstraint("id", name="pk_households"),
        sa.UniqueConstraint("district_id", "number", name="uq_households_district_id_number"),
    )
    op.create_table(
        "household_members",
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        _of("household_members", "household_id", "households.id"),
        _of("household_members", "person_id", "persons.id"),
        sa.PrimaryKeyConstraint("household_id", "person_id", name="pk_household_members"),
    )
    op.create_index("ix_household_members_person_id", "household_members", ["person_id"])
    op.create_table(
        "household_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("repeat_digest", sa.String(length=100), nullable=True),
        sa.Column("fingerprint", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_household_requests_district_id"),
        _of("household_requests", "household_id", "households.id"),
        _of("household_requests", "account_id", "accounts.id"),
        _of("household_requests", "person_id", "persons.id"),
        sa.PrimaryKeyConstraint("id", name="pk_household_requests"),
        sa.UniqueConstraint("repeat_digest", name="uq_household_requests_repeat_digest"),
    )
    for columns in (["district_id", "asked_at"], ["household_id"], ["account_id"], ["person_id"]):
        op.create_index(f"ix_household_requests_{'_'.join(columns)}", "household_requests", columns)
    waits = sa.text("state = 'waiting'")
    op.create_index(
        "uq_household_requests_waiting",
        "household_requests",
        ["household_id", "account_id"],
        unique=True,
        sqlite_where=waits,
        postgresql_where=waits,
    )


def downgrade() -> None:
    for table in ("household_requests", "household_members", "households"):
        op.drop_table(table)


def _of(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete="CASCADE")
