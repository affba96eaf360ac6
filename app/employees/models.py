"""Employees and their NIP, which is a dated alias and never the key."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, KnownRow, closed_set
from app.core.ids import new_id
from app.employees.rules import Category, Declaration, Standing


class Employee(KnownRow, Base):
    """A civil servant; `declaration` says what they have said of their accounts."""

    __tablename__ = "employees"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "unit_id"], ["work_units.tenant_id", "work_units.id"]),
        Index("ix_employees_unit", "tenant_id", "unit_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Text)
    category: Mapped[Category] = mapped_column(closed_set(Category, "employee_category_is_known"))
    standing: Mapped[Standing] = mapped_column(closed_set(Standing, "employee_standing_is_known"))
    unit_id: Mapped[UUID]
    position: Mapped[str | None] = mapped_column(Text)
    declaration: Mapped[Declaration] = mapped_column(
        closed_set(Declaration, "employee_declaration_is_known"), default=Declaration.NOT_ASKED
    )
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it.


class EmployeeNip(KnownRow, Base):
    """A NIP that an employee bears from one day, and until another when it was corrected."""

    __tablename__ = "employee_nips"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "employee_id"], ["employees.tenant_id", "employees.id"]),
        CheckConstraint("length(nip_hash) = 32", name="nips_are_hashed"),
        Index(
            "one_live_employee_per_nip",
            "tenant_id",
            "nip_hash",
            unique=True,
            postgresql_where="valid_to IS NULL",
        ),
        Index(
            "one_live_nip_per_employee",
            "tenant_id",
            "employee_id",
            unique=True,
            postgresql_where="valid_to IS NULL",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    employee_id: Mapped[UUID]
    # What it is found by, and the NIP itself, sealed: see `sealing`.
    nip_hash: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
