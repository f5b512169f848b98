"""Consents and what was done with them; the query log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0005_inquiries"
down_revision = "0004_profiles"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
APPEND_ONLY = ("consents", "consent_events", "inquiries")  # rows are added, never changed


def participant(column: str, table: str) -> sa.Column:
    key = sa.ForeignKey("participants.id", name=f"fk_{table}_{column}_participants")
    return sa.Column(column, sa.Uuid(), key, nullable=False)


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("identifier_form", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        participant("grantee_id", "consents"),
        sa.Column("purposes", ARRAY(sa.Text()), nullable=False),
        sa.Column("groups", ARRAY(sa.Text()), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_until", MOMENT, nullable=False),
        sa.Column("stated_from", sa.Text(), nullable=False),
        sa.Column("stated_until", sa.Text(), nullable=False),
        sa.Column("evidence_method", sa.Text(), nullable=False),
        sa.Column("evidence_reference", sa.Text()),
        sa.Column("evidence_sha256", sa.Text()),
        participant("registered_by", "consents"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("valid_until > valid_from", name="ck_consents_ends_after_start"),
    )
    op.create_index("ix_consents_grantee_id_subject_id", "consents", ["grantee_id", "subject_id"])
    op.create_index("ix_consents_subject_id", "consents", ["subject_id"])
    op.create_table(
        "consent_events",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "consent_id",
            sa.Uuid(),
            sa.ForeignKey("consents.id", name="fk_consent_events_consent_id_consents"),
            nullable=False,
        ),
        sa.Column("action", sa.String(40), nullable=False),
        participant("participant_id", "consent_events"),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_index("ix_consent_events_consent_id_at", "consent_events", ["consent_id", "at"])
    create_inquiries()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def create_inquiries() -> None:
    op.create_table(
        "inquiries",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("end_user", sa.Text()),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("consent_ids", ARRAY(sa.Uuid()), nullable=False),
        sa.Column("groups", ARRAY(sa.Text()), nullable=False),
        sa.Column("asked_as_of", sa.Date()),
        sa.Column("asked_known_at", MOMENT),
        sa.Column("as_of", sa.Date()),
        sa.Column("known_at", MOMENT),
        sa.Column("score_id", sa.Uuid()),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("answer_sha256", sa.LargeBinary()),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("request_hash", sa.LargeBinary()),
        sa.Column("repeat_of", sa.Uuid()),
    )
    op.create_index("ix_inquiries_participant_id_at_id", "inquiries", ["participant_id", "at", "id"])
    op.create_index("ix_inquiries_firm_id_at_id", "inquiries", ["firm_id", "at", "id"])
    op.create_index(
        "ix_inquiries_keyed",
        "inquiries",
        ["participant_id", "path", "idempotency_key"],
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("inquiries")
    op.drop_table("consent_events")
    op.drop_table("consents")
