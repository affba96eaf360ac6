"""A request of a person about their own data, and the one answer to it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantRow, closed_set
from app.core.ids import new_id
from app.subject_requests.rules import RequestOutcome, Right

ANSWERED = (
    "(outcome IS NULL) = (answered_at IS NULL) AND (outcome IS NULL) = (reason IS NULL)"
    " AND (outcome IS NULL) = (answered_by IS NULL)"
)


class SubjectRequest(TenantRow, Base):
    """What an employee asks; `received_by` is the officer who took it in, null: the employee."""

    __tablename__ = "subject_requests"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "employee_id"], ["employees.tenant_id", "employees.id"]),
        CheckConstraint(ANSWERED, name="answers_are_whole"),
        Index("ix_subject_requests_employee", "tenant_id", "employee_id"),
        Index(
            "ix_subject_requests_open", "tenant_id", "due_at", postgresql_where="outcome IS NULL"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    employee_id: Mapped[UUID]
    kind: Mapped[Right] = mapped_column(closed_set(Right, "right_is_known"))
    text: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]
    received_by: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime]
    outcome: Mapped[RequestOutcome | None] = mapped_column(
        closed_set(RequestOutcome, "outcome_is_known")
    )
    reason: Mapped[str | None] = mapped_column(Text)
    legal_reference: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    actor: Mapped[str] = mapped_column(Text)
