"""Imports, the rows they stage, and the faults found in them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantRow, closed_set
from app.core.ids import new_id


class ImportKind(StrEnum):
    """What the rows of a file are."""

    EMPLOYEES = "employees"
    ACCOUNTS = "accounts"
    WORK_UNITS = "work_units"


class ImportState(StrEnum):
    """How far an import has come."""

    PREVIEWED = "previewed"
    APPLIED = "applied"


class Import(TenantRow, Base):
    """One file: every row of it is either accepted or rejected with a reason."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("accepted + rejected = rows", name="every_row_is_accounted_for"),
        CheckConstraint(
            "(state = 'applied') = (applied_at IS NOT NULL)", name="applied_imports_are_dated"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[ImportKind] = mapped_column(closed_set(ImportKind, "import_kind_is_known"))
    state: Mapped[ImportState] = mapped_column(closed_set(ImportState, "import_state_is_known"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    rows: Mapped[int]
    accepted: Mapped[int]
    rejected: Mapped[int]
    inserted: Mapped[int]
    changed: Mapped[int]
    unchanged: Mapped[int]
    ignored_columns: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    applied_at: Mapped[datetime | None]


class ImportRow(TenantRow, Base):
    """An accepted row, staged until the import is applied."""

    __tablename__ = "import_rows"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "import_id"], ["imports.tenant_id", "imports.id"], ondelete="CASCADE"
        ),
    )

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    fields: Mapped[list[str | None]] = mapped_column(ARRAY(Text))


class ImportFault(TenantRow, Base):
    """Why a row was rejected: line, column, code and message, without the value."""

    __tablename__ = "import_faults"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "import_id"], ["imports.tenant_id", "imports.id"], ondelete="CASCADE"
        ),
        Index("ix_import_faults_line", "tenant_id", "import_id", "line"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    import_id: Mapped[UUID]
    line: Mapped[int]
    column: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
