"""Recovery: mail outbox, mailed links, password history, daily quotas, the unconfirmed recovery address.

New tables and columns only, so a server of the release before runs beside it. An address that came with an activation counted as
unconfirmed already; it moves to the column of its own. Adding columns takes a lock of milliseconds on PostgreSQL; SQLite rebuilds the
two tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_recovery"
down_revision = "2026_11_22_main_road"


def upgrade() -> None:
    op.create_table(
        "daily_quotas",
        sa.Column("digest", sa.String(length=100), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_daily_quotas"),
    )
    op.create_table(
        "mailed_links",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_attempts", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_mailed_links_account_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mailed_links"),
    )
    with op.batch_alter_table("mailed_links") as batch_op:
        batch_op.create_index("ix_mailed_links_account_id_purpose", ["account_id", "purpose"])

    op.create_table(
        "outbox_mails",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("to_address", sa.String(length=254), nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("last_error", sa.String(length=40), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_outbox_mails_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_outbox_mails_district_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_mails"),
    )
    with op.batch_alter_table("outbox_mails") as batch_op:
        batch_op.create_index("ix_outbox_mails_account_id_created_at", ["account_id", "created_at"])
        batch_op.create_index(
            "ix_outbox_mails_waiting",
            ["due_at"],
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )

    op.create_table(
        "password_history",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_password_history_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_password_history"),
    )
    with op.batch_alter_table("password_history") as batch_op:
        batch_op.create_index("ix_password_history_account_id", ["account_id"])

    with op.batch_alter_table("accounts") as batch_op:
        batch_op.add_column(sa.Column("recovery_email_folded", sa.String(length=254), nullable=True))
        batch_op.add_column(sa.Column("unconfirmed_recovery_email", sa.String(length=254), nullable=True))
        batch_op.create_index("ix_accounts_district_id_recovery_email_folded", ["district_id", "recovery_email_folded"])

    op.execute(
        "UPDATE accounts SET unconfirmed_recovery_email = recovery_email, recovery_email = NULL WHERE recovery_email_confirmed_at IS NULL"
    )

    with op.batch_alter_table("sessions") as batch_op:
        batch_op.add_column(sa.Column("password_misses", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.drop_column("password_misses")

    op.execute(
        "UPDATE accounts SET recovery_email = unconfirmed_recovery_email WHERE unconfirmed_recovery_email IS NOT NULL"
    )
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.drop_index("ix_accounts_district_id_recovery_email_folded")
        batch_op.drop_column("unconfirmed_recovery_email")
        batch_op.drop_column("recovery_email_folded")

    with op.batch_alter_table("password_history") as batch_op:
        batch_op.drop_index("ix_password_history_account_id")

    op.drop_table("password_history")
    with op.batch_alter_table("outbox_mails") as batch_op:
        batch_op.drop_index(
            "ix_outbox_mails_waiting",
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )
        batch_op.drop_index("ix_outbox_mails_account_id_created_at")

    op.drop_table("outbox_mails")
    with op.batch_alter_table("mailed_links") as batch_op:
        batch_op.drop_index("ix_mailed_links_account_id_purpose")

    op.drop_table("mailed_links")
    op.drop_table("daily_quotas")
