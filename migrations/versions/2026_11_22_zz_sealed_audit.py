"""Seals over the audit trail, and the one way in which the database lets an event go: under a checkpoint.

New tables and triggers only, so a server of the release before runs beside it. On SQLite nothing rebuilds `audit_events`: a rebuilt
table loses its triggers.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_zz_sealed_audit"
down_revision = "2026_11_22_zz_roster_deltas"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CHECKPOINT = "SELECT 1 FROM audit_seals AS checkpoint WHERE checkpoint.chain = {chain} AND checkpoint.pruned_upto"
_MAY_GO = {
    "audit_events": "SELECT 1 FROM sealed_events AS sealed JOIN audit_seals AS checkpoint ON checkpoint.chain = sealed.chain "
    "AND checkpoint.pruned_upto >= sealed.number WHERE sealed.event_id = OLD.id",
    "sealed_events": f"{_CHECKPOINT.format(chain='OLD.chain')} >= OLD.number",
    "audit_seals": f"{_CHECKPOINT.format(chain='OLD.chain')} > OLD.number",
}
"""SQL: what there must be for a row to be deleted. The newest seal that is pruned stays, as the beginning of what is left."""
_NEW = ("audit_seals", "sealed_events")


def upgrade() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("last_event", _ROW_ID, nullable=True),
        sa.Column("events_digest", sa.String(length=64), nullable=False),
        sa.Column("pruned_upto", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("chain", "number", name="pk_audit_seals"),
    )
    op.create_index("ix_audit_seals_sealed_at", "audit_seals", ["sealed_at"])
    op.create_table(
        "sealed_events",
        sa.Column("event_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_sealed_events"),
    )
    op.create_index("ix_sealed_events_chain_number", "sealed_events", ["chain", "number"])
    if op.get_bind().dialect.name == "sqlite":
        _close_on_sqlite()
    else:
        _close_on_postgresql()


def downgrade() -> None:
    """Events are then as before: none of them can be deleted."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_events_no_delete")
        op.execute(_sqlite_trigger("audit_events", "DELETE", ""))
    else:
        op.execute("DROP TRIGGER audit_events_append_only ON audit_events")
        op.execute("DROP TRIGGER audit_events_checkpoint ON audit_events")
        op.execute(
            "CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )
    for table in reversed(_NEW):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for table in _MAY_GO:
            op.execute(f"DROP FUNCTION keep_{table}()")


def _close_on_sqlite() -> None:
    op.execute("DROP TRIGGER audit_events_no_delete")
    for table, may_go in _MAY_GO.items():
        op.execute(_sqlite_trigger(table, "DELETE", f"WHEN NOT EXISTS ({may_go}) "))
    for table in _NEW:
        op.execute(_sqlite_trigger(table, "UPDATE", ""))


def _sqlite_trigger(table: str, action: str, when: str) -> str:
    what = table.replace("_", " ")
    return (
        f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
        f"{when}BEGIN SELECT RAISE(ABORT, '{what} are append-only'); END"
    )


def _close_on_postgresql() -> None:
    op.execute("DROP TRIGGER audit_events_append_only ON audit_events")
    for table, may_go in _MAY_GO.items():
        op.execute(
            f"CREATE FUNCTION keep_{table}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF EXISTS ({may_go}) THEN RETURN OLD; END IF; "
            f"RAISE EXCEPTION '{table.replace('_', ' ')} are append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_checkpoint BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_{table}()"
        )
