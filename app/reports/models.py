"""Frozen reports, and apart from them the people that a report may list."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.campaigns.models import DutyKind
from app.compliance.rules import Reason
from app.core.db import Base, TenantRow, closed_set
from app.core.ids import new_id
from app.reports.rules import number_of


class Report(TenantRow, Base):
    """One frozen recap: its canonical document, byte for byte, and what names it.

    `official_account_ids` are those of which the document tells numbers.
    """

    __tablename__ = "reports"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"]),
        UniqueConstraint("tenant_id", "year", "serial", name="one_report_for_each_number"),
        CheckConstraint("serial >= 1", name="report_numbers_begin_at_one"),
        CheckConstraint("digest = sha256(document)", name="reports_bear_their_digest"),
        CheckConstraint("btrim(title) <> ''", name="reports_have_a_title"),
        Index("ix_reports_campaign", "tenant_id", "campaign_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    year: Mapped[int]
    serial: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    campaign_id: Mapped[UUID]
    valid_at: Mapped[datetime]
    known_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Text)
    officer: Mapped[str | None] = mapped_column(Text)
    schema_version: Mapped[int]
    official_account_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    includes_people: Mapped[bool]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    # Large, and not wanted where reports are listed.
    document: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    @property
    def number(self) -> str:
        return number_of(self.serial, self.year)


class ReportPerson(TenantRow, Base):
    """Somebody whose status was not confirmed when a report was frozen.

    Names and NIPs stay in the registry, and the row can be erased without touching the document.
    """

    __tablename__ = "report_people"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "report_id"], ["reports.tenant_id", "reports.id"]),
        ForeignKeyConstraint(["tenant_id", "employee_id"], ["employees.tenant_id", "employees.id"]),
        ForeignKeyConstraint(["tenant_id", "unit_id"], ["work_units.tenant_id", "work_units.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
        ),
        Index("ix_report_people_employee", "tenant_id", "employee_id"),
    )

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    employee_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    duty_kind: Mapped[DutyKind] = mapped_column(closed_set(DutyKind, "report_duty_is_known"))
    official_account_id: Mapped[UUID | None]
    reason: Mapped[Reason] = mapped_column(closed_set(Reason, "report_reason_is_known"))
