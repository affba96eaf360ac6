"""Who calls, and the shape of keys; pure."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.identity.scopes import SCOPES_OF_ROLES, Role, Scope

LIVE_PREFIX = "sm_live_"
TEST_PREFIX = "sm_test_"
KEY_PREFIXES = (LIVE_PREFIX, TEST_PREFIX)
PREFIX_SHOWN = 12


class CallerKind(StrEnum):
    """Who calls: another system with its key, or a person who has signed in."""

    API_KEY = "api_key"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `unit_id` is the root of the sub-tree it sees; None: everything.

    `id` is that of the API key or of the user. `employee_id` is whom the user is in the registry.
    """

    tenant_id: UUID
    id: UUID
    scopes: frozenset[Scope]
    unit_id: UUID | None
    expires_at: datetime
    kind: CallerKind = CallerKind.API_KEY
    employee_id: UUID | None = None

    @property
    def keeps_registry(self) -> bool:
        """Whether this is BKD: the whole government, with the right to see whom a NIP names."""
        return self.unit_id is None and Scope.EMPLOYEES_READ_NIP in self.scopes

    @property
    def actor(self) -> str:
        """How the change log names this caller."""
        return f"{self.kind}:{self.id}"

    @property
    def key_id(self) -> UUID | None:
        """The key that calls; None for a user."""
        return self.id if self.kind is CallerKind.API_KEY else None

    @property
    def user_id(self) -> UUID | None:
        """The user who calls; None for a key."""
        return self.id if self.kind is CallerKind.USER else None


@dataclass(frozen=True, slots=True)
class Office:
    """What a user may do by the roles that the identity provider tells of."""

    role: Role
    scopes: frozenset[Scope]
    # None where the role concerns the whole government, or no unit at all.
    unit_id: UUID | None


def office_of(roles: Collection[Role], *, unit_id: UUID | None, is_employee: bool) -> Office | None:
    """The office that roles amount to; None when they open nothing.

    Of several offices the first one in the order of `Role` counts, so that no right of one is
    joined with the reach of another; an employee's own side is beside every office. A head without
    a known unit heads nothing.
    """
    own = SCOPES_OF_ROLES[Role.EMPLOYEE] if is_employee and Role.EMPLOYEE in roles else frozenset()
    for role in Role:
        if role not in roles or role is Role.EMPLOYEE:
            continue
        if role is not Role.UNIT_HEAD:
            return Office(role, SCOPES_OF_ROLES[role] | own, None)
        if unit_id is not None:
            return Office(role, SCOPES_OF_ROLES[role] | own, unit_id)
    return Office(Role.EMPLOYEE, own, None) if own else None


def new_token(prefix: str = LIVE_PREFIX) -> str:
    """A fresh secret of 256 bits."""
    return prefix + secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """How a token is stored. A random 256-bit secret needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def bearer_token(header: str | None) -> str | None:
    """The token of an Authorization header: an API key or an access token; None without one."""
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token else None
