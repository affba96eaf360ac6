"""Tenants, API keys, users, browser sessions and remembered answers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantRow, closed_set
from app.core.ids import new_id
from app.identity.scopes import Role

ONE_PRINCIPAL = "(api_key_id IS NULL) <> (user_id IS NULL)"


class Tenant(Base):
    """A government that runs a registry."""

    __tablename__ = "tenants"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(TenantRow, Base):
    """A caller's key: only its hash is stored; `unit_id` narrows it to a sub-tree.

    Keys of one client follow each other: the next is made while the last still works.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("length(key_hash) = 32", name="api_keys_are_hashed"),
        Index("ix_api_keys_client", "tenant_id", "client_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    # The system that calls: the id of its first key.
    client_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    unit_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class SignInLink(TenantRow, Base):
    """A link that signs a browser in once, with the rights of an API key."""

    __tablename__ = "sign_in_links"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    api_key_id: Mapped[UUID]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class User(TenantRow, Base):
    """A person whom the identity provider has vouched for; neither name nor address is stored."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("tenant_id", "issuer", "subject", name="one_user_for_each_subject"),
        ForeignKeyConstraint(["tenant_id", "unit_id"], ["work_units.tenant_id", "work_units.id"]),
        ForeignKeyConstraint(["tenant_id", "employee_id"], ["employees.tenant_id", "employees.id"]),
        CheckConstraint(
            "(role = 'unit_head') = (unit_id IS NOT NULL)", name="heads_of_units_have_a_unit"
        ),
        CheckConstraint(
            "role <> 'employee' OR employee_id IS NOT NULL", name="employees_are_in_the_registry"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(closed_set(Role, "role_is_known"))
    unit_id: Mapped[UUID | None]
    employee_id: Mapped[UUID | None]
    # Whether the provider calls the person an employee beside their office.
    has_own_side: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime]


class WebSession(TenantRow, Base):
    """A signed-in browser, of a key's link or of a user; the cookie's token is stored hashed."""

    __tablename__ = "web_sessions"
    __table_args__ = (
        CheckConstraint(ONE_PRINCIPAL, name="sessions_are_of_a_key_or_a_user"),
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"]),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    api_key_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # The session ends when it has long been idle, and at the latest at `expires_at`.
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class IdempotencyRecord(TenantRow, Base):
    """The answer to a creating POST, kept so that its repetition creates nothing."""

    __tablename__ = "idempotency_records"

    caller_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_digest: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None]
    # Sealed under this key, since an answer may hold a NIP; null: stored without keys, as it is.
    key_id: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    headers: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    # Of whom the answer tells, since each repetition of it is another look; null: of people never.
    told_of: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
