"""Trainings as jobs, the workers that run them, and versions of adapters."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add a table and columns; an adapter that is there becomes the first version, and current."""
    op.create_table(
        "workers",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("pid_started", sa.Double(), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    # Columns that may not be empty come in empty, are filled, and only then say so: rows are there already.
    op.add_column("jobs", sa.Column("what", sa.String(200), nullable=True))
    op.add_column("jobs", sa.Column("runs", sa.Integer(), nullable=True))
    op.execute("UPDATE jobs SET what = '', runs = 0")
    with op.batch_alter_table("jobs") as jobs:
        jobs.alter_column("what", existing_type=sa.String(200), nullable=False)
        jobs.alter_column("runs", existing_type=sa.Integer(), nullable=False)
        jobs.add_column(sa.Column("eta_s", sa.Double(), nullable=True))
        jobs.add_column(sa.Column("options", sa.JSON(), nullable=True))
        jobs.add_column(sa.Column("workflow", sa.String(80), nullable=True))
        jobs.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        jobs.create_check_constraint(op.f("ck_jobs_kind"), "kind IN ('enroll', 'perceive', 'train')")
    op.add_column("adapters", sa.Column("version", sa.Integer(), nullable=True))
    op.add_column("adapters", sa.Column("current", sa.Boolean(), nullable=True))
    op.execute("UPDATE adapters SET version = 1, current = 1")
    with op.batch_alter_table("adapters") as adapters:
        adapters.alter_column("version", existing_type=sa.Integer(), nullable=False)
        adapters.alter_column("current", existing_type=sa.Boolean(), nullable=False)
        adapters.drop_constraint("uq_adapters_subject_id_base", type_="unique")
        adapters.create_unique_constraint("uq_adapters_subject_id_base_version", ["subject_id", "base", "version"])
    op.create_index(
        "ix_adapters_subject_id_base",
        "adapters",
        ["subject_id", "base"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )


def downgrade() -> None:
    """Drop the table, the columns, the trainings, and the adapters that are not current."""
    op.drop_index("ix_adapters_subject_id_base", table_name="adapters")
    op.execute("DELETE FROM adapters WHERE NOT current")
    with op.batch_alter_table("adapters") as adapters:
        adapters.drop_constraint("uq_adapters_subject_id_base_version", type_="unique")
        adapters.create_unique_constraint("uq_adapters_subject_id_base", ["subject_id", "base"])
        adapters.drop_column("current")
        adapters.drop_column("version")
    # Foreign keys are off while tables are made anew, so nothing goes by itself.
    op.execute("DELETE FROM job_crops WHERE job_id IN (SELECT id FROM jobs WHERE kind = 'train')")
    op.execute("DELETE FROM jobs WHERE kind = 'train'")
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        jobs.create_check_constraint(op.f("ck_jobs_kind"), "kind IN ('enroll', 'perceive')")
        for column in ("workflow", "options", "eta_s", "runs", "what"):
            jobs.drop_column(column)
    op.drop_table("workers")
