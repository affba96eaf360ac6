"""Work units: nodes of the OPD tree, each knowing all its ancestors."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, KnownRow
from app.core.ids import new_id


class WorkUnit(KnownRow, Base):
    """A node; `ancestors` runs from the root to the unit itself, so a sub-tree is one condition."""

    __tablename__ = "work_units"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "parent_id"], ["work_units.tenant_id", "work_units.id"]),
        UniqueConstraint("tenant_id", "code", name="one_work_unit_per_code"),
        CheckConstraint("parent_id IS DISTINCT FROM id", name="no_unit_is_its_own_parent"),
        Index("ix_work_units_ancestors", "ancestors", postgresql_using="gin"),
        Index("ix_work_units_parent", "tenant_id", "parent_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[UUID | None]
    ancestors: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    bkn_unor_id: Mapped[str | None] = mapped_column(Text)
    skpd_code: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it.
