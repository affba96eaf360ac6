"""Excuses; one is withdrawn and never deleted."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, KnownRow
from app.core.ids import new_id


class Excuse(KnownRow, Base):
    """A named officer excuses an employee from a campaign's duty, or from all of its duties."""

    __tablename__ = "excuses"
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
        CheckConstraint(
            "btrim(reason) <> '' AND btrim(document_number) <> '' AND btrim(granted_by) <> ''",
            name="excuses_are_reasoned_and_named",
        ),
        CheckConstraint("ends_on >= starts_on", name="excuses_end_after_they_start"),
        CheckConstraint(
            "num_nulls(withdrawn_at, withdrawn_by, withdrawal_reason) = 3"
            " OR (num_nulls(withdrawn_at, withdrawn_by, withdrawal_reason) = 0"
            " AND btrim(withdrawn_by) <> '' AND btrim(withdrawal_reason) <> '')",
            name="withdrawals_are_reasoned_and_named",
        ),
        Index("ix_excuses_campaign", "tenant_id", "campaign_id", "employee_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID]
    employee_id: Mapped[UUID]
    duty_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(Text)
    document_number: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    granted_by: Mapped[str] = mapped_column(Text)
    granted_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(Text)
    withdrawal_reason: Mapped[str | None] = mapped_column(Text)
