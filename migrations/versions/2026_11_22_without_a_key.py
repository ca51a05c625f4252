"""Students and families without a key: claims, challenge answers, budgets of guesses, key requests, support tickets.

New tables only, so a server of the release before runs beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_without_a_key"
down_revision = "2026_11_22_the_office"


def upgrade() -> None:
    op.create_table(
        "challenge_answers",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("answers_hash", sa.String(length=255), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_challenge_answers_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_challenge_answers"),
    )
    op.create_table(
        "guess_budgets",
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("today", sa.Integer(), nullable=False),
        sa.Column("day_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_guess_budgets"),
    )
    op.create_table(
        "claim_tickets",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_claim_tickets_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_claim_tickets"),
    )
    op.create_index("ix_claim_tickets_person_id", "claim_tickets", ["person_id"])
    op.create_index("ix_claim_tickets_expires_at", "claim_tickets", ["expires_at"])
    op.create_table(
        "key_requests",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("keys", sa.Integer(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_key_requests_district_id"),
        sa.ForeignKeyConstraint(["student_id"], ["persons.id"], name="fk_key_requests_student_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_key_requests"),
    )
    op.create_index("ix_key_requests_student_id", "key_requests", ["student_id"])
    op.create_index("ix_key_requests_district_id_requested_at", "key_requests", ["district_id", "requested_at"])
    new = sa.text("state = 'new'")
    op.create_index("ix_key_requests_new", "key_requests", ["requested_at"], sqlite_where=new, postgresql_where=new)
    op.create_table(
        "support_tickets",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("student_number", sa.String(length=100), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("remedy", sa.String(length=40), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_support_tickets_district_id"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_support_tickets_account_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_support_tickets"),
        sa.UniqueConstraint("reference", name="uq_support_tickets_reference"),
    )
    op.create_index("ix_support_tickets_district_id_created_at", "support_tickets", ["district_id", "created_at"])


def downgrade() -> None:
    for table in ("support_tickets", "key_requests", "claim_tickets", "guess_budgets", "challenge_answers"):
        op.drop_table(table)
