"""Who calls, and the shape of keys; pure."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.identity.scopes import Scope

LIVE_PREFIX = "sm_live_"
TEST_PREFIX = "sm_test_"
PREFIX_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `unit_id` is the root of the sub-tree it sees; None: everything."""

    tenant_id: UUID
    key_id: UUID
    scopes: frozenset[Scope]
    unit_id: UUID | None
    expires_at: datetime

    @property
    def keeps_registry(self) -> bool:
        """Whether this is BKD: the whole government, with the right to see whom a NIP names."""
        return self.unit_id is None and Scope.EMPLOYEES_READ_NIP in self.scopes

    @property
    def actor(self) -> str:
        """How the change log names this caller."""
        return f"api_key:{self.key_id}"


def new_token(prefix: str = LIVE_PREFIX) -> str:
    """A fresh secret of 256 bits."""
    return prefix + secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """How a token is stored. A random 256-bit secret needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def bearer_token(header: str | None) -> str | None:
    """The token of an Authorization header; None where there is none of ours."""
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.startswith((LIVE_PREFIX, TEST_PREFIX)):
        return None
    return token
