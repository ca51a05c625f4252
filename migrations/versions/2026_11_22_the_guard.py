"""The guard: failed sign-ins, counts of addresses, spent CAPTCHAs, the schools' own networks.

New tables only, so a server of the release before runs beside it. Networks that districts registered already are copied.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_the_guard"
down_revision = "2026_11_22_recovery"


def upgrade() -> None:
    op.create_table(
        "failed_sign_ins",
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject", "device", name="pk_failed_sign_ins"),
    )
    op.create_table(
        "window_counts",
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_window_counts"),
    )
    op.create_index("ix_window_counts_ends_at", "window_counts", ["ends_at"])
    op.create_table(
        "spent_captchas",
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_spent_captchas"),
    )
    op.create_index("ix_spent_captchas_expires_at", "spent_captchas", ["expires_at"])
    networks = op.create_table(
        "district_networks",
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name="fk_district_networks_district_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("network", "district_id", name="pk_district_networks"),
    )
    op.create_index("ix_district_networks_district_id", "district_networks", ["district_id"])
    _copy_registered(networks)


def downgrade() -> None:
    for table in ("district_networks", "spent_captchas", "window_counts", "failed_sign_ins"):
        op.drop_table(table)


def _copy_registered(networks: sa.Table) -> None:
    rows = op.get_bind().execute(sa.text("SELECT id, settings FROM districts WHERE opened_at IS NOT NULL"))
    registered = [
        {"network": network, "district_id": row.id}
        for row in rows
        for network in sorted(set(_settings(row.settings).get("networks", {}).get("shared", ())))
    ]
    if registered:
        op.bulk_insert(networks, registered)


def _settings(stored: object) -> dict[str, dict[str, list[str]]]:
    """A driver may or may not have read the JSON."""
    settings = json.loads(stored) if isinstance(stored, str) else stored
    return settings if isinstance(settings, dict) else {}
