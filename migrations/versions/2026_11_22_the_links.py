"""Many districts, one login: link groups and codes, push devices, where a switched session came from.

New tables and nullable columns only, so a server of the release before runs beside it. SQLite rebuilds two tables for the columns.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_the_links"
down_revision = "2026_11_22_the_guard"


def upgrade() -> None:
    op.create_table(
        "linked_accounts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_linked_accounts_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_linked_accounts_district_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_linked_accounts"),
        sa.UniqueConstraint("group_id", "district_id", name="uq_linked_accounts_group_id_district_id"),
    )
    op.create_table(
        "link_codes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_link_codes_account_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_link_codes"),
        sa.UniqueConstraint("digest", name="uq_link_codes_digest"),
    )
    op.create_index("ix_link_codes_account_id", "link_codes", ["account_id"])
    op.create_index("ix_link_codes_expires_at", "link_codes", ["expires_at"])
    op.create_table(
        "push_devices",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("installation_id", sa.String(length=100), nullable=False),
        sa.Column("platform", sa.String(length=10), nullable=False),
        sa.Column("provider", sa.String(length=10), nullable=False),
        sa.Column("token_digest", sa.String(length=80), nullable=False),
        sa.Column("sealed_token", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("switched_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_push_devices_account_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_push_devices"),
        sa.UniqueConstraint("account_id", "installation_id", name="uq_push_devices_account_id_installation_id"),
    )
    op.create_index("ix_push_devices_installation_id", "push_devices", ["installation_id"])
    op.create_index("ix_push_devices_token_digest", "push_devices", ["token_digest"])
    with op.batch_alter_table("outbox_mails") as batch_op:
        batch_op.add_column(sa.Column("channel", sa.String(length=10), server_default="mail", nullable=False))
        batch_op.add_column(sa.Column("push_device_id", sa.Uuid(), nullable=True))
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.add_column(sa.Column("switched_from_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("root_session_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            "fk_sessions_switched_from_id", "accounts", ["switched_from_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_index("ix_sessions_switched_from_id", ["switched_from_id"])
        batch_op.create_index("ix_sessions_root_session_id", ["root_session_id"])


def downgrade() -> None:
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.drop_index("ix_sessions_root_session_id")
        batch_op.drop_index("ix_sessions_switched_from_id")
        batch_op.drop_constraint("fk_sessions_switched_from_id", type_="foreignkey")
        batch_op.drop_column("root_session_id")
        batch_op.drop_column("switched_from_id")
    with op.batch_alter_table("outbox_mails") as batch_op:
        batch_op.drop_column("push_device_id")
        batch_op.drop_column("channel")
    for table in ("push_devices", "link_codes", "linked_accounts"):
        op.drop_table(table)
