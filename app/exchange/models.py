"""Imports, the rows they stage, and the faults found in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantRow, closed_set
from app.core.ids import new_id
from app.employees.rules import Category
from app.exchange.kinds import FileEncoding, ImportKind, ImportMode, ImportState


class Import(TenantRow, Base):
    """One file: every row of it is either accepted or rejected with a reason."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("accepted + rejected = rows", name="every_row_is_accounted_for"),
        CheckConstraint(
            "(state = 'applied') = (applied_at IS NOT NULL)", name="applied_imports_are_dated"
        ),
        CheckConstraint("mode = 'full' OR full_of IS NULL", name="only_full_lists_are_narrowed"),
        # A file that is sent twice at the same time is read once.
        Index(
            "one_reading_of_a_file",
            "tenant_id",
            "kind",
            "digest",
            unique=True,
            postgresql_where="state IN ('reading', 'merging')",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[ImportKind] = mapped_column(closed_set(ImportKind, "import_kind_is_known"))
    state: Mapped[ImportState] = mapped_column(closed_set(ImportState, "import_state_is_known"))
    mode: Mapped[ImportMode] = mapped_column(
        closed_set(ImportMode, "import_mode_is_known"), server_default="partial"
    )
    full_of: Mapped[Category | None] = mapped_column(closed_set(Category, "full_of_is_a_category"))
    encoding: Mapped[FileEncoding | None] = mapped_column(
        closed_set(FileEncoding, "import_encoding_is_known")
    )
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    # From 0 to 1, while it is being read.
    share_read: Mapped[float | None]
    rows: Mapped[int]
    accepted: Mapped[int]
    rejected: Mapped[int]
    inserted: Mapped[int]
    changed: Mapped[int]
    unchanged: Mapped[int]
    leavers: Mapped[int] = mapped_column(server_default="0")
    leavers_withheld: Mapped[bool] = mapped_column(server_default="false")
    same_as: Mapped[UUID | None]
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
    """Why a row was rejected: line, column, code and message, without the value.

    What stood in it is kept for a while to be mended: sealed as `cells`, or as it was staged in
    `fields`; by `nip_hash` is found whose it is.
    """

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
    nip_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_id: Mapped[str | None] = mapped_column(Text)
    cells: Mapped[bytes | None] = mapped_column(LargeBinary)
    fields: Mapped[list[str | None] | None] = mapped_column(ARRAY(Text))
