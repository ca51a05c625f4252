"""The main road: districts, rosters, activation keys, accounts, sessions, audit.

The first revision, so nothing runs beside it. Every constraint has a name, for SQLite and PostgreSQL to drop alike.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_main_road"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=64), nullable=True),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_account_id_at", "audit_events", ["account_id", "at"])
    op.create_index("ix_audit_events_district_id_at", "audit_events", ["district_id", "at"])

    op.create_table(
        "districts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("name_words", sa.String(length=400), nullable=False),
        sa.Column("city_words", sa.String(length=200), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_districts"),
    )
    op.create_index("ix_districts_state", "districts", ["state"])

    op.create_table(
        "idempotency_keys",
        sa.Column("digest", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=100), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_idempotency_keys"),
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("sealed_pem", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_keys"),
    )
    op.create_table(
        "announcements",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("visible_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visible_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name="fk_announcements_district_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_announcements"),
    )
    op.create_index("ix_announcements_district_id", "announcements", ["district_id"])

    op.create_table(
        "district_origins",
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name="fk_district_origins_district_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("origin", "district_id", name="pk_district_origins"),
    )
    op.create_index("ix_district_origins_district_id", "district_origins", ["district_id"])

    op.create_table(
        "persons",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("sourced_id", sa.String(length=255), nullable=False),
        sa.Column("is_student", sa.Boolean(), nullable=False),
        sa.Column("is_guardian", sa.Boolean(), nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("first_name", sa.String(length=255), nullable=False),
        sa.Column("last_name", sa.String(length=255), nullable=False),
        sa.Column("student_number", sa.String(length=255), nullable=True),
        sa.Column("state_id", sa.String(length=255), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("ssn_last4_digest", sa.String(length=100), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("in_first_import", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_persons_district_id"),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
        sa.UniqueConstraint("district_id", "sourced_id", name="uq_persons_district_id_sourced_id"),
    )
    op.create_index("ix_persons_district_id_student_number", "persons", ["district_id", "student_number"])

    op.create_table(
        "schools",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("sourced_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("identifier", sa.String(length=255), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_schools_district_id"),
        sa.PrimaryKeyConstraint("id", name="pk_schools"),
        sa.UniqueConstraint("district_id", "sourced_id", name="uq_schools_district_id_sourced_id"),
    )
    op.create_table(
        "accounts",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("portal", sa.String(length=16), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("username_folded", sa.String(length=128), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recovery_email", sa.String(length=254), nullable=True),
        sa.Column("recovery_email_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_accounts_district_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_accounts_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint(
            "district_id", "portal", "username_folded", name="uq_accounts_district_id_portal_username_folded"
        ),
        sa.UniqueConstraint("person_id", "portal", name="uq_accounts_person_id_portal"),
    )
    op.create_table(
        "enrollments",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_enrollments_person_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_enrollments_school_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "school_id", name="pk_enrollments"),
    )
    op.create_index("ix_enrollments_school_id", "enrollments", ["school_id"])

    op.create_table(
        "relationships",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("guardian_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.String(length=32), nullable=False),
        sa.Column("guardian", sa.Boolean(), nullable=False),
        sa.Column("mailing", sa.Boolean(), nullable=False),
        sa.Column("portal", sa.Boolean(), nullable=False),
        sa.Column("messenger", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("guardian_id <> student_id", name="two_people"),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_relationships_district_id"),
        sa.ForeignKeyConstraint(
            ["guardian_id"], ["persons.id"], name="fk_relationships_guardian_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["student_id"], ["persons.id"], name="fk_relationships_student_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_relationships"),
        sa.UniqueConstraint("guardian_id", "student_id", name="uq_relationships_guardian_id_student_id"),
    )
    op.create_index("ix_relationships_district_id", "relationships", ["district_id"])
    op.create_index("ix_relationships_student_id", "relationships", ["student_id"])

    op.create_table(
        "activation_keys",
        sa.Column("district_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("portal", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=100), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_activation_keys_account_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="fk_activation_keys_district_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_activation_keys_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_activation_keys"),
        sa.UniqueConstraint("digest", name="uq_activation_keys_digest"),
    )
    op.create_index("ix_activation_keys_district_id", "activation_keys", ["district_id"])
    op.create_index("ix_activation_keys_person_id", "activation_keys", ["person_id"])
    op.create_index(
        "uq_activation_keys_live",
        "activation_keys",
        ["person_id", "portal"],
        unique=True,
        sqlite_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )

    op.create_table(
        "known_devices",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("installation_id", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_known_devices_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_known_devices"),
    )
    op.create_index("ix_known_devices_account_id", "known_devices", ["account_id"])

    op.create_table(
        "sessions",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=32), nullable=True),
        sa.Column("refresh_digest", sa.String(length=100), nullable=False),
        sa.Column("previous_refresh_digest", sa.String(length=100), nullable=True),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("device_name", sa.String(length=100), nullable=True),
        sa.Column("installation_id", sa.String(length=100), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sessions_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["device_id"], ["known_devices.id"], name="fk_sessions_device_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])


def downgrade() -> None:
    op.drop_index("ix_sessions_account_id", table_name="sessions")

    op.drop_table("sessions")
    op.drop_index("ix_known_devices_account_id", table_name="known_devices")

    op.drop_table("known_devices")
    op.drop_index(
        "uq_activation_keys_live",
        table_name="activation_keys",
        sqlite_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )
    op.drop_index("ix_activation_keys_person_id", table_name="activation_keys")
    op.drop_index("ix_activation_keys_district_id", table_name="activation_keys")

    op.drop_table("activation_keys")
    op.drop_index("ix_relationships_student_id", table_name="relationships")
    op.drop_index("ix_relationships_district_id", table_name="relationships")

    op.drop_table("relationships")
    op.drop_index("ix_enrollments_school_id", table_name="enrollments")

    op.drop_table("enrollments")
    op.drop_table("accounts")
    op.drop_table("schools")
    op.drop_index("ix_persons_district_id_student_number", table_name="persons")

    op.drop_table("persons")
    op.drop_index("ix_district_origins_district_id", table_name="district_origins")

    op.drop_table("district_origins")
    op.drop_index("ix_announcements_district_id", table_name="announcements")

    op.drop_table("announcements")
    op.drop_table("signing_keys")
    op.drop_table("idempotency_keys")
    op.drop_index("ix_districts_state", table_name="districts")

    op.drop_table("districts")
    op.drop_index("ix_audit_events_district_id_at", table_name="audit_events")
    op.drop_index("ix_audit_events_account_id_at", table_name="audit_events")

    op.drop_table("audit_events")
