"""Erasures, of which nothing tells whom they were of, and breaches of personal data."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantRow
from app.core.ids import new_id

WHOLE = "(closed_at IS NULL) = (conclusion IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)"


class Erasure(TenantRow, Base):
    """An employee of whom an id is left, and the numbers that they were counted in."""

    __tablename__ = "erasures"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "employee_id"], ["employees.tenant_id", "employees.id"]),
    )

    employee_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    legal_reference: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text)
    erased_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)


class Breach(TenantRow, Base):
    """What came about, where, to which kinds of data, and by whose keys or sessions.

    `principals` are named as the trail names them; there are none where, say, a backup was lost.
    """

    __tablename__ = "breaches"
    __table_args__ = (
        CheckConstraint("begins < ends", name="breaches_end_after_they_begin"),
        CheckConstraint(WHOLE, name="closures_are_whole"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    what: Mapped[str] = mapped_column(Text)
    principals: Mapped[list[str]] = mapped_column(ARRAY(Text))
    systems: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    data_kinds: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    begins: Mapped[datetime]
    ends: Mapped[datetime]
    found_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)
    conclusion: Mapped[str | None] = mapped_column(Text)
    closed_by: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None]
