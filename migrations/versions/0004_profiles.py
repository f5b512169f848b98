"""Profile snapshots, feature rows, and every score ever told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0004_profiles"
down_revision = "0003_intake"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "profile_snapshots",
        sa.Column("firm_id", sa.Uuid(), primary_key=True),
        sa.Column("sections", sa.LargeBinary(), nullable=False),
        sa.Column("ends", ARRAY(sa.Integer()), nullable=False),
        sa.Column("public_sections", sa.LargeBinary(), nullable=False),
        sa.Column("public_ends", ARRAY(sa.Integer()), nullable=False),
        sa.Column("coverage", ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("data_as_of", sa.Date(), nullable=False),
        sa.Column("changes_on", sa.Date(), nullable=False),
        sa.Column("known_at", MOMENT, nullable=False),
    )
    op.create_index("ix_profile_snapshots_changes_on", "profile_snapshots", ["changes_on"])
    op.create_table(
        "feature_rows",
        sa.Column("firm_id", sa.Uuid(), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("coverage", ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("conflict", sa.Boolean(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("data_as_of", sa.Date(), nullable=False),
        sa.Column("known_at", MOMENT, nullable=False),
    )
    op.create_table(
        "scores",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("data_as_of", sa.Date(), nullable=False),
        sa.Column("groups_used", ARRAY(sa.Text()), nullable=False),
        sa.Column("model_sha256", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("inputs", sa.LargeBinary(), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        sa.Column("known_at", MOMENT, nullable=False),
    )
    op.create_index("ix_scores_firm_id_data_as_of", "scores", ["firm_id", "data_as_of"])
    op.create_table(
        "standing_scores",
        sa.Column("firm_id", sa.Uuid(), primary_key=True),
        sa.Column("groups_used", ARRAY(sa.Text()), primary_key=True),
        sa.Column(
            "score_id",
            sa.Uuid(),
            sa.ForeignKey("scores.id", name="fk_standing_scores_score_id_scores"),
            nullable=False,
        ),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("known_at", MOMENT, nullable=False),
    )
    # What was told is never told otherwise: rows of these tables are added, not changed.
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON scores FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("standing_scores")
    op.drop_table("scores")
    op.drop_table("feature_rows")
    op.drop_table("profile_snapshots")
    op.execute("DROP FUNCTION refuse_change()")
