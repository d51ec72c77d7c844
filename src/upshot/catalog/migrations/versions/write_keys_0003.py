"""Keys with which clients send events."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "write_keys",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("events_a_second", sa.Integer(), nullable=False),
        sa.Column("events_a_day", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.UniqueConstraint("key", name="uq_write_keys_key"),
    )
