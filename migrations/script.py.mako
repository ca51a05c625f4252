"""${message}

Say here why, what it does to a running service of the release before (both run together during a deploy), and how long it holds locks.
Add columns as nullable or with a server default; rename in three releases (add, copy, drop); index large tables CONCURRENTLY on PostgreSQL.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
