"""Connections and attempts to make one; every token is sealed for its own row and column."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.connections.rules import ConnectionState, LossReason, Subject, SubjectKind
from app.core.db import Base, TenantRow, closed_set
from app.core.ids import new_id
from app.platforms.base import Platform

ACCESS_TOKEN = "connections.access_token"  # noqa: S105 - The name of a column.
REFRESH_TOKEN = "connections.refresh_token"  # noqa: S105 - The name of a column.
VERIFIER = "connection_attempts.verifier"


class OfSubject:
    """A row about an official account or about a declared account; the other id is null."""

    official_account_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    platform: Mapped[Platform]

    @property
    def subject(self) -> Subject:
        """What the row is about."""
        if self.official_account_id is not None:
            return Subject(SubjectKind.OFFICIAL_ACCOUNT, self.official_account_id)
        assert self.account_id is not None
        return Subject(SubjectKind.ACCOUNT, self.account_id)


def _foreign_keys() -> tuple[ForeignKeyConstraint, ForeignKeyConstraint]:
    return (
        ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
        ),
        ForeignKeyConstraint(["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.id"]),
    )


class Connection(TenantRow, OfSubject, Base):
    """The tokens of one account. `epoch` moves with each new pair and each refresh begun.

    `platform_id` is the id under which the platform knows whom the token speaks for.
    """

    __tablename__ = "connections"
    __table_args__ = (
        *_foreign_keys(),
        CheckConstraint(
            "(official_account_id IS NULL) <> (account_id IS NULL)"
            " AND subject_id = coalesce(official_account_id, account_id)",
            name="connections_have_one_subject",
        ),
        CheckConstraint(
            "(state = 'needs_reauth') = (access_token IS NULL)"
            " AND (state <> 'needs_reauth' OR refresh_token IS NULL)",
            name="lost_connections_hold_no_token",
        ),
        CheckConstraint(
            "(state = 'refreshing') = (lease_until IS NOT NULL)",
            name="refreshes_are_leased",
        ),
        CheckConstraint(
            "(state = 'needs_reauth') = (loss_reason IS NOT NULL)",
            name="losses_have_a_reason",
        ),
        Index("ix_connections_key", "tenant_id", "key_id"),
    )

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    platform: Mapped[Platform] = mapped_column(closed_set(Platform, "connected_platform_is_known"))
    platform_id: Mapped[str | None] = mapped_column(Text)
    state: Mapped[ConnectionState] = mapped_column(
        closed_set(ConnectionState, "connection_state_is_known")
    )
    key_id: Mapped[str] = mapped_column(Text)
    access_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    refresh_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    expires_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]
    connected_at: Mapped[datetime]
    connected_by: Mapped[str] = mapped_column(Text)
    renewed_at: Mapped[datetime]
    epoch: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    lease_until: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    loss_reason: Mapped[LossReason | None] = mapped_column(
        closed_set(LossReason, "loss_reason_is_known")
    )


class ConnectionAttempt(TenantRow, OfSubject, Base):
    """A consent that was asked for; its state is stored hashed, and the row is used up by it."""

    __tablename__ = "connection_attempts"
    __table_args__ = (
        *_foreign_keys(),
        CheckConstraint(
            "(official_account_id IS NULL) <> (account_id IS NULL)",
            name="attempts_have_one_subject",
        ),
        CheckConstraint("length(state_hash) = 32", name="attempt_states_are_hashed"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    state_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    platform: Mapped[Platform] = mapped_column(closed_set(Platform, "attempt_platform_is_known"))
    key_id: Mapped[str] = mapped_column(Text)
    verifier: Mapped[bytes] = mapped_column(LargeBinary)
    caller_id: Mapped[UUID]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
