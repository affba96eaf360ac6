"""Official accounts and when each is polled next."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, KnownRow, TenantRow, closed_set
from app.core.ids import new_id
from app.platforms.base import Platform


class OwnerKind(StrEnum):
    """Whose account it is; a person's account leaves duties with the office term."""

    OFFICE = "office"
    AGENCY = "agency"
    PERSON = "person"


class OfficialAccount(KnownRow, Base):
    """An account of the government; `facts_revision` moves with every fact learned about it.

    `opened_at` is the day on which the platform's account was created.
    """

    __tablename__ = "official_accounts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "platform", "handle", name="one_official_account_per_handle"),
        CheckConstraint(
            "owner_kind <> 'person' OR office_term_start IS NOT NULL",
            name="personal_accounts_have_an_office_term",
        ),
        CheckConstraint("poll_interval_seconds >= 10", name="polls_keep_a_distance"),
        # Anybody may ask whose an account is, across all governments.
        Index("ix_official_accounts_handle", "platform", "handle"),
        Index("ix_official_accounts_platform_id", "platform", "platform_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    platform: Mapped[Platform] = mapped_column(closed_set(Platform, "official_platform_is_known"))
    handle: Mapped[str] = mapped_column(Text)
    platform_id: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    owner_kind: Mapped[OwnerKind] = mapped_column(closed_set(OwnerKind, "owner_kind_is_known"))
    custodian: Mapped[str | None] = mapped_column(Text)
    office_term_start: Mapped[date | None]
    office_term_end: Mapped[date | None]
    opened_at: Mapped[date | None]
    poll_interval_seconds: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    read_list: Mapped[bool] = mapped_column(default=True, server_default="true")
    facts_revision: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it.


class DuePoll(TenantRow, Base):
    """When an account is polled next, who holds it, and the epoch that fences late writers."""

    __tablename__ = "due_polls"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
            ondelete="CASCADE",
        ),
        Index("ix_due_polls_next", "next_poll_at"),
    )

    official_account_id: Mapped[UUID] = mapped_column(primary_key=True)
    platform: Mapped[Platform] = mapped_column(closed_set(Platform, "due_platform_is_known"))
    next_poll_at: Mapped[datetime]
    interval_seconds: Mapped[int]
    lease_until: Mapped[datetime | None]
    epoch: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
