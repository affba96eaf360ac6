"""Materialised verdicts; the constraints refuse an accusation without proof."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.campaigns.models import DutyKind
from app.compliance.rules import Basis, Reason, Verdict
from app.core.db import Base, Known, KnownRow, TenantRow, closed_set
from app.core.ids import new_id


class VerdictRow(Known, Base):
    """One employee, one duty, and for follow duties one official account.

    `unmet_since` is when the present `unmet` began; a dispute keeps it, an upheld one ends it.
    The rows refer to nothing by constraint: only evaluations add them, out of the very rows that
    they name, and nobody may delete those.
    """

    __tablename__ = "verdicts"
    __table_args__ = (
        CheckConstraint(
            "verdict = 'unknown' OR cardinality(evidence_ids) > 0",
            name="known_verdicts_carry_evidence",
        ),
        CheckConstraint(
            "NOT (verdict = 'unmet' AND duty_kind = 'follow')"
            " OR (basis = 'complete_lists' AND cardinality(evidence_ids) >= 2)"
            " OR basis = 'pair_answer'",
            name="unmet_follow_needs_proof_of_absence",
        ),
        CheckConstraint(
            "NOT (disputed AND verdict = 'unmet')", name="disputed_verdicts_are_not_unmet"
        ),
        CheckConstraint(
            "verdict <> 'unmet' OR unmet_since IS NOT NULL", name="unmet_verdicts_have_a_beginning"
        ),
        CheckConstraint(
            "(duty_kind = 'follow') = (official_account_id IS NOT NULL)",
            name="follow_verdicts_name_the_official_account",
        ),
        Index(
            "one_verdict_per_duty_and_account",
            "tenant_id",
            "campaign_id",
            "employee_id",
            "duty_id",
            "official_account_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "ix_verdicts_worklist",
            "tenant_id",
            "campaign_id",
            "employee_id",
            postgresql_where="verdict = 'unmet'",
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID]
    employee_id: Mapped[UUID]
    duty_id: Mapped[UUID]
    duty_kind: Mapped[DutyKind] = mapped_column(closed_set(DutyKind, "verdict_duty_is_known"))
    official_account_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    verdict: Mapped[Verdict] = mapped_column(closed_set(Verdict, "verdict_is_known"))
    reason: Mapped[Reason] = mapped_column(closed_set(Reason, "reason_is_known"))
    basis: Mapped[Basis] = mapped_column(closed_set(Basis, "basis_is_known"))
    evidence_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    excuse: Mapped[str | None] = mapped_column(Text)
    disputed: Mapped[bool] = mapped_column(default=False)
    unmet_since: Mapped[datetime | None]
    decided_at: Mapped[datetime]


class VerdictClearance(KnownRow, Base):
    """What was not seen of somebody up to `cleared_at` counts no more: an officer decided so."""

    __tablename__ = "verdict_clearances"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "campaign_id", "employee_id"],
            [
                "campaign_members.tenant_id",
                "campaign_members.campaign_id",
                "campaign_members.employee_id",
            ],
        ),
        ForeignKeyConstraint(["tenant_id", "duty_id"], ["duties.tenant_id", "duties.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
        ),
        Index("ix_verdict_clearances_campaign", "tenant_id", "campaign_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID]
    employee_id: Mapped[UUID]
    duty_id: Mapped[UUID]
    official_account_id: Mapped[UUID | None]
    cleared_at: Mapped[datetime]


class VerdictCount(TenantRow, Base):
    """How many verdicts of each kind one unit's own people of one category have, for one duty.

    About one official account, or without one about all of them. `reasons` leaves the excused out.
    """

    __tablename__ = "verdict_counts"
    __table_args__ = (
        Index(
            "one_count_per_unit_category_duty_and_account",
            "tenant_id",
            "campaign_id",
            "official_account_id",
            "duty_kind",
            "unit_id",
            "category",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_verdict_counts_unit", "tenant_id", "campaign_id", "unit_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID]
    duty_kind: Mapped[str] = mapped_column(Text)
    official_account_id: Mapped[UUID | None]
    unit_id: Mapped[UUID]
    category: Mapped[str] = mapped_column(Text)
    eligible: Mapped[int]
    met: Mapped[int]
    unmet: Mapped[int]
    unknown: Mapped[int]
    excused: Mapped[int]
    disputed: Mapped[int]
    reasons: Mapped[dict[str, Any]] = mapped_column(JSONB)


class VerdictPeople(TenantRow, Base):
    """How many of a unit's own people of one category have verdicts about just these accounts.

    From these sets follows how many people any number tells of, whichever accounts are paused.
    """

    __tablename__ = "verdict_people"

    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(Text, primary_key=True)
    duty_kind: Mapped[str] = mapped_column(Text, primary_key=True)
    official_account_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), primary_key=True)
    people: Mapped[int]


class VerdictTally(TenantRow, Base):
    """That a campaign's verdicts have been counted; without this row its counts mean nothing."""

    __tablename__ = "verdict_tallies"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"]),
    )

    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)


class VerdictCountMark(TenantRow, Base):
    """What of a campaign's counts is outdated: one unit, the unit of one employee, or all of them.

    The database itself writes these marks, in the transaction of whatever outdates a count.
    """

    __tablename__ = "verdict_count_marks"
    __table_args__ = (Index("ix_verdict_count_marks_campaign", "tenant_id", "campaign_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    campaign_id: Mapped[UUID]
    unit_id: Mapped[UUID | None]
    employee_id: Mapped[UUID | None]
