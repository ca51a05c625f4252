"""Single sign-on: providers of districts, and codes.

New tables only, so a server of the release before runs beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_zz_zsso"
down_revision = "2026_11_22_zz_zpasskeys"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sso_providers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("client_id", sa.String(length=500), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=True),
        sa.Column("scopes", sa.String(length=500), nullable=False),
        sa.Column("portals", sa.JSON(), nullable=False),
        sa.Column("required_claims", sa.JSON(), nullable=False),
        sa.Column("makes_accounts", sa.Boolean(), nullable=False),
        sa.Column("trusts_mfa", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        _of("sso_providers", "district_id", "districts.id"),
        sa.PrimaryKeyConstraint("id", name="pk_sso_providers"),
        sa.UniqueConstraint("district_id", "name", name="uq_sso_providers_district_id_name"),
    )
    op.create_table(
        "sso_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("portal", sa.String(length=16), nullable=False),
        sa.Column("redirect_uri", sa.String(length=500), nullable=False),
        sa.Column("code_challenge", sa.String(length=43), nullable=False),
        sa.Column("with_mfa", sa.Boolean(), nullable=False),
        sa.Column("proved_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("asked_totp", sa.Boolean(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        _of("sso_codes", "district_id", "districts.id"),
        _of("sso_codes", "person_id", "persons.id"),
        sa.PrimaryKeyConstraint("id", name="pk_sso_codes"),
        sa.UniqueConstraint("flow", name="uq_sso_codes_flow"),
    )
    op.create_index("ix_sso_codes_person_id", "sso_codes", ["person_id"])


def downgrade() -> None:
    for table in ("sso_codes", "sso_providers"):
        op.drop_table(table)


def _of(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete="CASCADE")
