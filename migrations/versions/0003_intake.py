"""Firms, subjects and their links; submissions, what was refused, confirmations; the refresh queue."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003_intake"
down_revision = "0002_records"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "firms",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("uscc", sa.Text()),
        sa.Column("registration_no", sa.Text()),
        sa.Column("organisation_code", sa.Text()),
        sa.Column("merged_into", sa.Uuid(), sa.ForeignKey("firms.id", name="fk_firms_merged_into")),
        sa.Column("known_from", MOMENT, nullable=False),
    )
    op.create_table(
        "subjects",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("participant_id", sa.Uuid()),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text()),
        sa.Column("born", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "subject_aliases",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("means_id", sa.Uuid(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("known_from", MOMENT, nullable=False),
        sa.Column("known_until", MOMENT),
    )
    for name in ("subject_id", "means_id"):
        op.create_index(
            f"ix_subject_aliases_{name}",
            "subject_aliases",
            [name],
            postgresql_where=sa.text("known_until IS NULL"),
        )
    op.create_table(
        "subject_firm",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column(
            "firm_id", sa.Uuid(), sa.ForeignKey("firms.id", name="fk_subject_firm_firm_id"), nullable=False
        ),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("judgement_id", sa.Uuid()),
        sa.Column("known_from", MOMENT, nullable=False),
        sa.Column("known_until", MOMENT),
    )
    op.create_index("ix_subject_firm_subject_id", "subject_firm", ["subject_id"])
    op.create_index("ix_subject_firm_firm_id", "subject_firm", ["firm_id"])
    op.create_table(
        "refresh_queue",
        sa.Column("firm_id", sa.Uuid(), primary_key=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
    )
    op.create_index("ix_refresh_queue_due", "refresh_queue", ["due_at"])
    create_submissions()


def create_submissions() -> None:
    counts = ("rows_done", "received", "accepted", "rejected", "duplicate", "stale", "quarantined")
    op.create_table(
        "submissions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("revised_at", MOMENT, nullable=False),
        sa.Column("on_error", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("problem", postgresql.JSONB()),
        sa.Column("claim", sa.Uuid()),
        sa.Column("lease_until", MOMENT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.CheckConstraint(
            "received = accepted + rejected + duplicate + stale + quarantined",
            name="ck_submissions_all_rows_counted",
        ),
    )
    op.create_index(
        "ix_submissions_open",
        "submissions",
        ["lease_until"],
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index(
        "ix_submissions_participant_id_created_at", "submissions", ["participant_id", "created_at"]
    )
    to_submission = "submissions.id"
    op.create_table(
        "submission_chunks",
        sa.Column("submission_id", sa.Uuid(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], [to_submission], name="fk_submission_chunks_submission_id"
        ),
    )
    op.create_table(
        "submission_refusals",
        sa.Column("submission_id", sa.Uuid(), primary_key=True),
        sa.Column("row_no", sa.Integer(), primary_key=True),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], [to_submission], name="fk_submission_refusals_submission_id"
        ),
    )
    op.create_table(
        "confirmations",
        sa.Column("record_id", sa.Uuid(), primary_key=True),
        sa.Column("confirmed_at", MOMENT, primary_key=True),
        sa.Column("content_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("revised_at", MOMENT, nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("known_from", MOMENT, nullable=False),
    )
    op.create_table(
        "unlinked_rows",
        sa.Column("subject_id", sa.Uuid(), primary_key=True),
        sa.Column("submission_id", sa.Uuid(), primary_key=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], [to_submission], name="fk_unlinked_rows_submission_id"),
    )
    op.create_index("ix_unlinked_rows_submission_id", "unlinked_rows", ["submission_id"])


def downgrade() -> None:
    for table in (
        "unlinked_rows",
        "confirmations",
        "submission_refusals",
        "submission_chunks",
        "submissions",
        "refresh_queue",
        "subject_firm",
        "subject_aliases",
        "subjects",
        "firms",
    ):
        op.drop_table(table)
