"""Adapters of fine-tuned people; where a video lay when it was last looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add a table and a column."""
    op.add_column("videos", sa.Column("path", sa.Text(), nullable=True))
    op.create_table(
        "adapters",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("base", sa.String(255), nullable=False),
        sa.Column("base_sha256", sa.String(64), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_adapters"),
        sa.UniqueConstraint("subject_id", "base", name="uq_adapters_subject_id_base"),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name="fk_adapters_subject_id", ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("adapters")
    with op.batch_alter_table("videos") as videos:
        videos.drop_column("path")
