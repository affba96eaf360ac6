"""Notices, disputes, decisions and findings: each is written once, by a named officer, and stays.

A trigger, `findings_wait_for_the_reply`, guards the last table beside its constraints.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.compliance.rules import Basis, Reason
from app.core.db import Base, KnownRow, TenantRow, closed_set
from app.core.ids import new_id
from app.disputes.rules import DisputeOutcome, NoticeChannel

MEMBER = ["tenant_id", "campaign_id", "employee_id"]
MEMBERS = [f"campaign_members.{name}" for name in MEMBER]
OFFICIAL = ["official_accounts.tenant_id", "official_accounts.id"]
KEYS = ["api_keys.tenant_id", "api_keys.id"]
USERS = ["users.tenant_id", "users.id"]
BY_ONE_CALLER = "(key_id IS NULL) <> (user_id IS NULL)"


class Notice(TenantRow, Base):
    """The office has told somebody that a duty is not confirmed, and on what evidence."""

    __tablename__ = "notices"
    __table_args__ = (
        ForeignKeyConstraint(MEMBER, MEMBERS),
        ForeignKeyConstraint(["tenant_id", "duty_id"], ["duties.tenant_id", "duties.id"]),
        ForeignKeyConstraint(["tenant_id", "official_account_id"], OFFICIAL),
        CheckConstraint("btrim(sent_by) <> ''", name="notices_name_the_officer"),
        CheckConstraint("sent_at <= recorded_at", name="notices_are_recorded_after_sending"),
        Index(
            "one_notice_for_each_unmet",
            *MEMBER,
            "duty_id",
            "official_account_id",
            "unmet_since",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID]
    employee_id: Mapped[UUID]
    duty_id: Mapped[UUID]
    official_account_id: Mapped[UUID | None]
    unmet_since: Mapped[datetime]
    reason: Mapped[Reason] = mapped_column(closed_set(Reason, "notice_reason_is_known"))
    basis: Mapped[Basis] = mapped_column(closed_set(Basis, "notice_basis_is_known"))
    evidence_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    channel: Mapped[NoticeChannel] = mapped_column(
        closed_set(NoticeChannel, "notice_channel_is_known")
    )
    sent_by: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)


class NoticeExtension(TenantRow, Base):
    """An officer gives somebody more time to reply."""

    __tablename__ = "notice_extensions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "notice_id"], ["notices.tenant_id", "notices.id"]),
        CheckConstraint(
            "btrim(reason) <> '' AND btrim(extended_by) <> ''",
            name="extensions_are_reasoned_and_named",
        ),
        Index("ix_notice_extensions_notice", "tenant_id", "notice_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    notice_id: Mapped[UUID]
    reply_until: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    extended_by: Mapped[str] = mapped_column(Text)
    extended_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)


class Dispute(KnownRow, Base):
    """Somebody says that a verdict is wrong; it stands still until an officer has decided.

    `evidence_ids` are what it points at: answers about pairs, lists, or what they have shown.
    """

    __tablename__ = "disputes"
    __table_args__ = (
        ForeignKeyConstraint(MEMBER, MEMBERS),
        ForeignKeyConstraint(["tenant_id", "duty_id"], ["duties.tenant_id", "duties.id"]),
        ForeignKeyConstraint(["tenant_id", "official_account_id"], OFFICIAL),
        ForeignKeyConstraint(["tenant_id", "notice_id"], ["notices.tenant_id", "notices.id"]),
        CheckConstraint(
            "btrim(text) <> '' AND btrim(received_by) <> ''",
            name="disputes_say_what_and_who_received_them",
        ),
        Index(
            "one_dispute_for_each_unmet",
            *MEMBER,
            "duty_id",
            "official_account_id",
            "unmet_since",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_disputes_notice", "tenant_id", "notice_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID]
    employee_id: Mapped[UUID]
    duty_id: Mapped[UUID]
    official_account_id: Mapped[UUID | None]
    notice_id: Mapped[UUID | None]
    unmet_since: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)
    evidence_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    received_by: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)


class DisputeDecision(KnownRow, Base):
    """A named officer's decision of a dispute, which nobody changes; no caller, no decision."""

    __tablename__ = "dispute_decisions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "dispute_id"], ["disputes.tenant_id", "disputes.id"]),
        ForeignKeyConstraint(["tenant_id", "key_id"], KEYS),
        ForeignKeyConstraint(["tenant_id", "user_id"], USERS),
        CheckConstraint(
            "btrim(reason) <> '' AND btrim(decided_by) <> ''",
            name="decisions_are_reasoned_and_named",
        ),
        CheckConstraint(BY_ONE_CALLER, name="decisions_are_recorded_by_a_caller"),
    )

    dispute_id: Mapped[UUID] = mapped_column(primary_key=True)
    outcome: Mapped[DisputeOutcome] = mapped_column(closed_set(DisputeOutcome, "outcome_is_known"))
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime]
    key_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]


class FinalFinding(TenantRow, Base):
    """A named officer's final finding that a duty was unmet; the machine is no caller to write one.

    There is no column for a consequence, and there must never be one.
    """

    __tablename__ = "findings"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "notice_id"], ["notices.tenant_id", "notices.id"]),
        ForeignKeyConstraint(["tenant_id", "key_id"], KEYS),
        ForeignKeyConstraint(["tenant_id", "user_id"], USERS),
        CheckConstraint(
            "btrim(reason) <> '' AND btrim(decided_by) <> ''",
            name="findings_are_reasoned_and_named",
        ),
        CheckConstraint(BY_ONE_CALLER, name="findings_are_recorded_by_a_caller"),
        UniqueConstraint("tenant_id", "notice_id", name="one_finding_for_each_notice"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    notice_id: Mapped[UUID]
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime]
    key_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
