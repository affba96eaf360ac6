"""Addresses of employees, sealed for their row and column, and the dated heads of work units."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.contacts.rules import Source
from app.core.db import Base, TenantRow, closed_set
from app.core.ids import new_id

EMAIL = "employee_contacts.email"
PHONE = "employee_contacts.phone"


class EmployeeContact(TenantRow, Base):
    """Where one employee can be reached; a former address is not kept.

    The row stays when both addresses are taken away, so that its version only ever moves on.
    """

    __tablename__ = "employee_contacts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "employee_id"], ["employees.tenant_id", "employees.id"]),
        CheckConstraint("btrim(set_by) <> ''", name="contacts_name_who_set_them"),
        Index("ix_employee_contacts_key", "tenant_id", "key_id"),
    )

    employee_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(Text)
    source: Mapped[Source] = mapped_column(closed_set(Source, "contact_source_is_known"))
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class UnitHead(TenantRow, Base):
    """Who heads a work unit from the start of one day, and until the start of another."""

    __tablename__ = "unit_heads"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "unit_id"], ["work_units.tenant_id", "work_units.id"]),
        ForeignKeyConstraint(["tenant_id", "employee_id"], ["employees.tenant_id", "employees.id"]),
        CheckConstraint("ends_on >= starts_on", name="heads_end_after_they_start"),
        CheckConstraint(
            "(ends_on IS NULL) = (ended_by IS NULL)", name="who_ends_a_headship_is_named"
        ),
        CheckConstraint("btrim(set_by) <> ''", name="heads_name_who_set_them"),
        Index(
            "one_head_per_unit",
            "tenant_id",
            "unit_id",
            unique=True,
            postgresql_where="ends_on IS NULL",
        ),
        Index("ix_unit_heads_employee", "tenant_id", "employee_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    unit_id: Mapped[UUID]
    employee_id: Mapped[UUID]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
