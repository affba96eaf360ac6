"""One row for every change, and the chain that holds changes and looks at people together."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from app.changes.kinds import ChangeKind
from app.core.db import Base, TenantRow, closed_set


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


# SQLAlchemy does not know this type when it reads a schema back to compare it.
ischema_names["xid8"] = Xid8


class LongTransaction(TenantRow, Base):
    """A transaction that took long: what it wrote bears its beginning, and was known at its end."""

    __tablename__ = "long_transactions"
    __table_args__ = (
        CheckConstraint("began_at < ended_at", name="transactions_end_after_they_begin"),
    )

    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(primary_key=True)


class Change(Base):
    """A change: ids and states only, never names, handles or NIPs."""

    __tablename__ = "changes"
    __table_args__ = (
        Index("ix_changes_subject", "tenant_id", "subject_id"),
        Index("ix_changes_transaction", "tenant_id", "transaction"),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    transaction: Mapped[int] = mapped_column(
        Xid8, server_default=func.pg_current_xact_id(), index=False
    )
    kind: Mapped[ChangeKind] = mapped_column(closed_set(ChangeKind, "change_kind_is_known"))
    subject_id: Mapped[UUID]
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class EntryKind(StrEnum):
    """What an entry of the audit chain stands for."""

    ADOPTED = "adopted"
    CHANGE = "change"
    EXPORT = "export"
    READ = "read"


class AuditEntry(TenantRow, Base):
    """A link of a tenant's chain: one look at people, or all changes of one transaction.

    It holds ids only, so that the chain outlives what is known of a person. An entry of changes
    carries a digest of those rows of `changes` that bear its transaction and lie in its range.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        UniqueConstraint("tenant_id", "previous", name="an_entry_has_one_successor"),
        CheckConstraint(
            "length(hash) = 32 AND length(previous) = 32", name="audit_entries_are_hashed"
        ),
        CheckConstraint(
            "(kind IN ('adopted', 'change')) = (digest IS NOT NULL)"
            " AND (digest IS NULL) = (operation IS NOT NULL)"
            " AND (digest IS NULL) = (change_count IS NULL)"
            " AND (change_count IS NULL) = (first_change IS NULL)"
            " AND (first_change IS NULL) = (last_change IS NULL)"
            " AND (kind = 'change') = (transaction IS NOT NULL)",
            name="audit_entries_name_a_look_or_changes",
        ),
        Index("ix_audit_entries_transaction", "tenant_id", "transaction"),
        Index(
            "ix_audit_entries_employees",
            "employee_ids",
            postgresql_using="gin",
            postgresql_where="employee_ids <> '{}'",
        ),
    )

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[EntryKind] = mapped_column(closed_set(EntryKind, "audit_entry_kind_is_known"))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)
    operation: Mapped[str | None] = mapped_column(Text)
    employee_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid(as_uuid=True)))
    subject_id: Mapped[UUID | None]
    transaction: Mapped[int | None] = mapped_column(Xid8)
    first_change: Mapped[int | None] = mapped_column(BigInteger)
    last_change: Mapped[int | None] = mapped_column(BigInteger)
    change_count: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditHead(TenantRow, Base):
    """The end of a tenant's chain; whoever appends an entry holds its lock until the commit."""

    __tablename__ = "audit_heads"

    sequence: Mapped[int] = mapped_column(BigInteger)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
