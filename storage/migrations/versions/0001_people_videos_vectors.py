"""People with their consent, videos, perception records and vectors."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first five tables."""
    op.create_table(
        "consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("given_by", sa.String(200), nullable=False),
        sa.Column("purpose", sa.String(500), nullable=False),
        sa.Column("policy_version", sa.String(20), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_table(
        "videos",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_videos"),
        sa.UniqueConstraint("sha256", name="uq_videos_sha256"),
    )
    op.create_table(
        "subjects",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("name_key", sa.String(240), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("video_id", sa.Integer(), nullable=False),
        sa.Column("coverage", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
        sa.UniqueConstraint("name_key", name="uq_subjects_name_key"),
        sa.UniqueConstraint("consent_id", name="uq_subjects_consent_id"),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name="fk_subjects_consent_id", ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_subjects_video_id", ondelete="RESTRICT"),
    )
    op.create_index("ix_subjects_video_id", "subjects", ["video_id"])
    op.create_table(
        "perception_records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("video_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("models", sa.Text(), nullable=False),
        sa.Column("face_model", sa.String(100), nullable=False),
        sa.Column("appearance_model", sa.String(100), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_perception_records"),
        sa.UniqueConstraint("video_id", "version", "models", name="uq_perception_records_video_id_version_models"),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_perception_records_video_id", ondelete="CASCADE"),
    )
    op.create_table(
        "vectors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("perception_id", sa.Integer(), nullable=True),
        sa.Column("track_id", sa.Integer(), nullable=True),
        sa.Column("subject_id", sa.String(36), nullable=True),
        sa.Column("model_id", sa.String(100), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("times", sa.LargeBinary(), nullable=True),
        sa.Column("weights", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_vectors"),
        sa.ForeignKeyConstraint(
            ["perception_id"], ["perception_records.id"], name="fk_vectors_perception_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name="fk_vectors_subject_id", ondelete="CASCADE"),
        sa.CheckConstraint("(perception_id IS NULL) <> (subject_id IS NULL)", name=op.f("ck_vectors_one_owner")),
        sa.CheckConstraint("(perception_id IS NULL) = (track_id IS NULL)", name=op.f("ck_vectors_track_of_perception")),
        sa.CheckConstraint("kind IN ('face', 'appearance')", name=op.f("ck_vectors_kind")),
        sa.CheckConstraint("length(data) = 4 * count * dimension", name=op.f("ck_vectors_data_size")),
    )
    op.create_index(
        "ix_vectors_perception_id_track_id_kind", "vectors", ["perception_id", "track_id", "kind"], unique=True
    )
    op.create_index("ix_vectors_subject_id_kind", "vectors", ["subject_id", "kind"], unique=True)


def downgrade() -> None:
    """Drop everything."""
    for table in ("vectors", "perception_records", "subjects", "videos", "consents"):
        op.drop_table(table)
