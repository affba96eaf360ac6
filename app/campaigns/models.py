"""Campaigns, their frozen cohort, their official accounts and duties."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, KnownRow, TenantRow, closed_set
from app.core.ids import new_id


class DutyKind(StrEnum):
    """What is asked."""

    DECLARE = "declare"
    FOLLOW = "follow"


class DutyMode(StrEnum):
    """Whether one of the named platforms is enough or each is asked for."""

    ANY = "any"
    EACH = "each"


class Campaign(KnownRow, Base):
    """What a government has asked of a cohort, on which legal basis, in which window."""

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="campaigns_end_after_they_start"),
        CheckConstraint(
            "btrim(legal_basis) <> '' AND btrim(document_number) <> ''",
            name="campaigns_have_a_legal_basis",
        ),
        CheckConstraint("expected_gain >= 0", name="expected_gain_is_not_negative"),
        CheckConstraint("grace_days >= 0", name="grace_is_not_negative"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str] = mapped_column(Text)
    document_number: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    expected_gain: Mapped[int]
    stale_after_days: Mapped[int]
    grace_days: Mapped[int] = mapped_column(default=0, server_default="0")
    cohort_filter: Mapped[dict[str, Any]] = mapped_column(JSONB)
    cohort_size: Mapped[int]
    cohort_hash: Mapped[bytes] = mapped_column(LargeBinary)
    cohort_frozen_at: Mapped[datetime]
    evaluated_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it.


class CampaignArchive(TenantRow, Base):
    """A campaign of which only the numbers are left."""

    __tablename__ = "campaign_archives"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"]),
    )

    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    archived_at: Mapped[datetime]


class CampaignMember(KnownRow, Base):
    """One employee of the cohort: as it was frozen, or added since by a named officer.

    Rows are never taken away. Who has left and was added again stays from `joined_on` on, and what
    was before is an earlier stay. The frozen roster is those who first came without `added_by`.
    """

    __tablename__ = "campaign_members"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"]),
        ForeignKeyConstraint(["tenant_id", "employee_id"], ["employees.tenant_id", "employees.id"]),
        CheckConstraint(
            "(left_on IS NULL) = (left_by IS NULL) AND (left_by IS NULL) = (left_because IS NULL)",
            name="who_leaves_is_let_go_by_an_officer",
        ),
        CheckConstraint(
            "(added_by IS NULL) = (added_because IS NULL)",
            name="who_joins_is_added_with_a_reason",
        ),
        Index("ix_campaign_members_employee", "tenant_id", "employee_id"),
    )

    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    employee_id: Mapped[UUID] = mapped_column(primary_key=True)
    joined_on: Mapped[date]
    left_on: Mapped[date | None]
    added_by: Mapped[str | None] = mapped_column(Text)
    added_because: Mapped[str | None] = mapped_column(Text)
    left_by: Mapped[str | None] = mapped_column(Text)
    left_because: Mapped[str | None] = mapped_column(Text)


class CampaignStay(TenantRow, Base):
    """The ended stay of a member who has been added again since; it is never changed."""

    __tablename__ = "campaign_stays"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "campaign_id", "employee_id"],
            [
                "campaign_members.tenant_id",
                "campaign_members.campaign_id",
                "campaign_members.employee_id",
            ],
            name="fk_campaign_stays_tenant_id_campaign_id_employee_id",
        ),
        CheckConstraint("joined_on <= left_on", name="stays_end_after_they_begin"),
        Index("ix_campaign_stays_member", "tenant_id", "campaign_id", "employee_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID]
    employee_id: Mapped[UUID]
    joined_on: Mapped[date]
    added_by: Mapped[str | None] = mapped_column(Text)
    added_because: Mapped[str | None] = mapped_column(Text)
    left_on: Mapped[date]
    left_by: Mapped[str] = mapped_column(Text)
    left_because: Mapped[str] = mapped_column(Text)


class Extension(KnownRow, Base):
    """A later due date of one member; it is never changed, and holds from when it was granted."""

    __tablename__ = "extensions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "campaign_id", "employee_id"],
            [
                "campaign_members.tenant_id",
                "campaign_members.campaign_id",
                "campaign_members.employee_id",
            ],
            name="fk_extensions_tenant_id_campaign_id_employee_id",
        ),
        CheckConstraint(
            "btrim(officer) <> '' AND btrim(reason) <> ''",
            name="extensions_name_an_officer_and_a_reason",
        ),
        Index("ix_extensions_member", "tenant_id", "campaign_id", "employee_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID]
    employee_id: Mapped[UUID]
    due_on: Mapped[date]
    officer: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    granted_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(Text)


class CampaignOfficialAccount(KnownRow, Base):
    """An official account that the campaign names."""

    __tablename__ = "campaign_official_accounts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
        ),
        Index("ix_campaign_official_accounts_account", "tenant_id", "official_account_id"),
    )

    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    official_account_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int]


class Duty(KnownRow, Base):
    """One thing that is asked of every member."""

    __tablename__ = "duties"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"]),
        Index("one_duty_of_a_kind", "tenant_id", "campaign_id", "kind", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID]
    kind: Mapped[DutyKind] = mapped_column(closed_set(DutyKind, "duty_kind_is_known"))
    platforms: Mapped[list[str]] = mapped_column(ARRAY(Text))
    mode: Mapped[DutyMode] = mapped_column(closed_set(DutyMode, "duty_mode_is_known"))
