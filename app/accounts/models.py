"""Declared accounts: identity is (platform, platform id); the handle is an attribute."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.rules import AccountState
from app.core.db import Base, KnownRow, TenantRow, closed_set
from app.core.ids import new_id
from app.platforms.base import ExistenceState, Platform

LIVE = "state NOT IN ('contested', 'retired')"


class Account(KnownRow, Base):
    """An account that an employee declares; a second claimant's row is `contested`.

    Its owner counts as proven since `verified_at`, and was last vouched for at `attested_at`.
    `platform_id_since` is null where the id was declared and not learnt from a check.
    `next_check_at` is null until the first check, and the lease while a check runs. Absences are
    judged between the last two columns: since `seen_since` every check has found the account under
    this handle, and since `unseen_since` none has.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "employee_id"], ["employees.tenant_id", "employees.id"]),
        CheckConstraint(
            "state <> 'verified' OR verified_at IS NOT NULL", name="verified_accounts_are_dated"
        ),
        Index(
            "one_live_claim_per_platform_id",
            "tenant_id",
            "platform",
            "platform_id",
            unique=True,
            postgresql_where=f"platform_id IS NOT NULL AND {LIVE}",
        ),
        Index(
            "one_live_claim_per_handle",
            "tenant_id",
            "platform",
            "handle",
            unique=True,
            postgresql_where=LIVE,
        ),
        Index("ix_accounts_employee", "tenant_id", "employee_id"),
        Index(
            "ix_accounts_next_check",
            "tenant_id",
            "platform",
            "next_check_at",
            postgresql_where=LIVE,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    employee_id: Mapped[UUID]
    platform: Mapped[Platform] = mapped_column(closed_set(Platform, "account_platform_is_known"))
    handle: Mapped[str] = mapped_column(Text)
    platform_id: Mapped[str | None] = mapped_column(Text)
    platform_id_since: Mapped[datetime | None]
    state: Mapped[AccountState] = mapped_column(closed_set(AccountState, "account_state_is_known"))
    declared_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[str | None] = mapped_column(Text)
    attested_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    last_checked_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    seen_since: Mapped[datetime | None]
    unseen_since: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it.


class AccountCheck(KnownRow, Base):
    """What a platform said of a declared account at one moment; `day` is a day of Jakarta."""

    __tablename__ = "account_checks"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.id"]),
        Index("ix_account_checks_account", "tenant_id", "account_id", "checked_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID]
    checked_at: Mapped[datetime]
    day: Mapped[date]
    state: Mapped[ExistenceState] = mapped_column(
        closed_set(ExistenceState, "existence_state_is_known")
    )
    source: Mapped[str] = mapped_column(Text)


class AccountHandle(TenantRow, Base):
    """A handle that a declared account had until a check found it under another one."""

    __tablename__ = "account_handles"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.id"]),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    held_until: Mapped[datetime] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(Text)
