"""Election windows in which accounts of persons are paused."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, KnownRow
from app.core.ids import new_id


class NeutralityWindow(KnownRow, Base):
    """From the start of one day to the end of another, both in Asia/Jakarta; never taken away."""

    __tablename__ = "neutrality_windows"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="neutrality_windows_end_after_they_start"),
        CheckConstraint(
            "btrim(legal_basis) <> '' AND btrim(document_number) <> ''",
            name="neutrality_windows_have_a_legal_basis",
        ),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)"
            " AND (withdrawn_at IS NULL) = (withdrawn_because IS NULL)",
            name="withdrawals_name_an_officer_and_a_reason",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    legal_basis: Mapped[str] = mapped_column(Text)
    document_number: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[datetime]
    declared_by: Mapped[str] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(Text)
    withdrawn_because: Mapped[str | None] = mapped_column(Text)
