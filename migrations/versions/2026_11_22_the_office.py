"""The office desk: staff and their schools, the second factor, batches of keys, uploaded rosters; an audit trail that nobody can change.

New tables, columns with defaults and nullable columns only, so a server of the release before runs beside it.
"""

import sqlalchemy as sa
from alembic import op

from app.text import name_words

revision = "2026_11_22_the_office"
down_revision = "2026_11_22_the_links"

_TABLES = ("staff_schools", "staff_members", "recovery_codes", "totp_factors", "roster_uploads")
_COLUMNS = {
    "accounts": ("claim_reopened_at",),
    "idempotency_keys": ("key_batch_id",),
    "persons": ("name_words", "by_office"),
    "sessions": ("totp_at", "stepped_up_at"),
}
_ROWS_AT_ONCE = 5_000


def upgrade() -> None:
    op.create_table(
        "staff_members",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_staff_members_person_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_staff_members_district_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_staff_members"),
    )
    op.create_index("ix_staff_members_district_id", "staff_members", ["district_id"])
    op.create_table(
        "staff_schools",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["staff_members.person_id"], name="fk_staff_schools_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_staff_schools_school_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "school_id", name="pk_staff_schools"),
    )
    op.create_index("ix_staff_schools_school_id", "staff_schools", ["school_id"])
    op.create_table(
        "totp_factors",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("sealed_new_secret", sa.Text(), nullable=True),
        sa.Column("new_secret_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_totp_factors_account_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", name="pk_totp_factors"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_recovery_codes_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
        sa.UniqueConstraint("digest", name="uq_recovery_codes_digest"),
    )
    op.create_index("ix_recovery_codes_account_id", "recovery_codes", ["account_id"])
    op.create_table(
        "key_batches",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("portal", sa.String(length=16), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("without_address", sa.Integer(), nullable=False),
        sa.Column("limited", sa.Integer(), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_key_batches_district_id"),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_key_batches_school_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_key_batches"),
    )
    op.create_index("ix_key_batches_district_id", "key_batches", ["district_id"])
    op.create_table(
        "roster_uploads",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_roster_uploads_district_id"),
        sa.PrimaryKeyConstraint("id", name="pk_roster_uploads"),
    )
    op.create_index("ix_roster_uploads_district_id", "roster_uploads", ["district_id"])
    _add_columns()
    _fill_name_words()
    op.create_index("ix_persons_district_id_name_words", "persons", ["district_id", "name_words"])
    op.create_index("ix_audit_events_person_id_at", "audit_events", ["person_id", "at"])
    op.create_index("ix_audit_events_actor_at", "audit_events", ["actor", "at"])
    _close_the_audit_trail()


def downgrade() -> None:
    _open_the_audit_trail()
    op.drop_index("ix_audit_events_actor_at", "audit_events")
    op.drop_index("ix_audit_events_person_id_at", "audit_events")
    op.drop_index("ix_persons_district_id_name_words", "persons")
    with op.batch_alter_table("activation_keys") as batch_op:
        batch_op.drop_index("ix_activation_keys_batch_id")
        batch_op.drop_constraint("fk_activation_keys_batch_id", type_="foreignkey")
        batch_op.drop_column("batch_id")
        batch_op.drop_column("channel")
    for table, columns in _COLUMNS.items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.drop_column(column)
    for table in (*_TABLES, "key_batches"):
        op.drop_table(table)


def _add_columns() -> None:
    op.add_column("accounts", sa.Column("claim_reopened_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("idempotency_keys", sa.Column("key_batch_id", sa.Uuid(), nullable=True))
    op.add_column("persons", sa.Column("name_words", sa.String(length=600), server_default="", nullable=False))
    op.add_column("persons", sa.Column("by_office", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("sessions", sa.Column("totp_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sessions", sa.Column("stepped_up_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("activation_keys") as batch_op:
        batch_op.add_column(sa.Column("channel", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("batch_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            "fk_activation_keys_batch_id", "key_batches", ["batch_id"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_index("ix_activation_keys_batch_id", ["batch_id"])


def _fill_name_words() -> None:
    """For people who are there already; a release before leaves it empty, and the next roster fills it."""
    persons = sa.table(
        "persons", *(sa.column(name) for name in ("first_name", "last_name", "name_words")), sa.column("id", sa.Uuid())
    )
    connection = op.get_bind()
    fill = sa.update(persons).where(persons.c.id == sa.bindparam("person")).values(name_words=sa.bindparam("words"))
    rows = connection.execute(sa.select(persons.c.id, persons.c.first_name, persons.c.last_name)).fetchall()
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        connection.execute(
            fill, [{"person": row.id, "words": name_words(row.first_name, row.last_name)} for row in some]
        )


def _close_the_audit_trail() -> None:
    """Neither a fault of ours nor a query that somebody smuggled in rewrites what happened."""
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_events_no_{action.lower()} BEFORE {action} ON audit_events "
                "BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit events are append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )


def _open_the_audit_trail() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_events_no_update")
        op.execute("DROP TRIGGER audit_events_no_delete")
        return
    op.execute("DROP TRIGGER audit_events_append_only ON audit_events")
    op.execute("DROP FUNCTION refuse_audit_change()")
