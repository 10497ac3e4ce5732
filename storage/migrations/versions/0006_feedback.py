"""What people said about tracks of videos: this is X, this is not X; and the faces of those tracks."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("video_sha256", sa.String(64), nullable=False),
        sa.Column("track_id", sa.Integer(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("anchors", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(36), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("verdict IN ('is', 'is_not')", name=op.f("ck_feedback_verdict")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name="fk_feedback_subject_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
    )
    op.create_index("ix_feedback_subject_id", "feedback", ["subject_id"])
    op.create_index("ix_feedback_video_sha256", "feedback", ["video_sha256"])
    op.create_table(
        "feedback_vectors",
        sa.Column("feedback_id", sa.String(36), nullable=False),
        sa.Column("model_id", sa.String(100), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(data) = 4 * dimension", name=op.f("ck_feedback_vectors_data_size")),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_feedback_vectors_feedback_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feedback_id", name="pk_feedback_vectors"),
    )


def downgrade() -> None:
    """Drop them, with all that was said."""
    op.drop_table("feedback_vectors")
    op.drop_table("feedback")
