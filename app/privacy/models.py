"""Who was erased, when and why; nothing of whom they were."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantRow


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
