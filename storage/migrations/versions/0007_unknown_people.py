"""People who are nobody enrolled, and when the vectors of a record expire because of them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add two tables, and three columns that are empty at first."""
    op.create_table(
        "unknown_people",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("model_id", sa.String(100), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_unknown_people"),
        sa.UniqueConstraint("id", name="uq_unknown_people_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "unknown_tracks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("perception_id", sa.Integer(), nullable=False),
        sa.Column("track_id", sa.Integer(), nullable=False),
        sa.Column("person_number", sa.Integer(), nullable=True),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("offset", sa.Double(), nullable=False),
        sa.Column("reliability", sa.Double(), nullable=False),
        sa.Column("model_id", sa.String(100), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(data) = 4 * dimension", name=op.f("ck_unknown_tracks_data_size")),
        sa.ForeignKeyConstraint(
            ["perception_id"], ["perception_records.id"], name="fk_unknown_tracks_perception_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_number"], ["unknown_people.number"], name="fk_unknown_tracks_person_number", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_unknown_tracks"),
        sa.UniqueConstraint("perception_id", "track_id", name="uq_unknown_tracks_perception_id_track_id"),
    )
    op.create_index("ix_unknown_tracks_person_number", "unknown_tracks", ["person_number"])
    op.create_index("ix_unknown_tracks_model_id", "unknown_tracks", ["model_id"])
    op.add_column("perception_records", sa.Column("gallery", sa.String(64), nullable=True))
    op.add_column("perception_records", sa.Column("strangers", sa.Integer(), nullable=True))
    op.add_column("perception_records", sa.Column("expired_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    """Drop them. Records whose vectors are gone go too: nothing would say any more that they have to be made anew."""
    op.execute("DELETE FROM perception_records WHERE expired_at IS NOT NULL")
    op.drop_table("unknown_tracks")
    op.drop_table("unknown_people")
    with op.batch_alter_table("perception_records") as records:
        records.drop_column("expired_at")
        records.drop_column("strangers")
        records.drop_column("gallery")
