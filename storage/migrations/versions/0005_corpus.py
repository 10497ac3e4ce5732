"""The corpus: pictures and videos of other people, and their faces."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add three tables."""
    op.create_table(
        "corpus_sources",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("licence", sa.String(200), nullable=False),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_corpus_sources"),
    )
    op.create_table(
        "corpus_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(36), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("licence", sa.String(200), nullable=False),
        sa.Column("model_id", sa.String(100), nullable=False),
        sa.CheckConstraint("kind IN ('picture', 'video')", name=op.f("ck_corpus_items_kind")),
        sa.CheckConstraint("state IN ('indexed', 'no_face', 'broken')", name=op.f("ck_corpus_items_state")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["corpus_sources.id"], name="fk_corpus_items_source_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_corpus_items"),
        sa.UniqueConstraint("sha256", name="uq_corpus_items_sha256"),
    )
    op.create_index("ix_corpus_items_source_id", "corpus_items", ["source_id"])
    op.create_index("ix_corpus_items_path", "corpus_items", ["path"])
    op.create_table(
        "corpus_faces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("key_s", sa.Double(), nullable=False),
        sa.Column("box", sa.JSON(), nullable=False),
        sa.Column("quality", sa.Double(), nullable=False),
        sa.Column("reliability", sa.Double(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.String(100), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(data) = 4 * dimension", name=op.f("ck_corpus_faces_data_size")),
        sa.ForeignKeyConstraint(["item_id"], ["corpus_items.id"], name="fk_corpus_faces_item_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_corpus_faces"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_corpus_faces_item_id", "corpus_faces", ["item_id"])
    op.create_index("ix_corpus_faces_model_id_id", "corpus_faces", ["model_id", "id"])


def downgrade() -> None:
    """Drop them, with all that was indexed."""
    op.drop_table("corpus_faces")
    op.drop_table("corpus_items")
    op.drop_table("corpus_sources")
