"""One row for every change, written in the transaction that made it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from app.changes.kinds import ChangeKind
from app.core.db import Base, closed_set


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


# SQLAlchemy does not know this type when it reads a schema back to compare it.
ischema_names["xid8"] = Xid8


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
