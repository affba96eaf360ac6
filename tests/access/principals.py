"""Nine principals: nobody, dead keys, people in their offices, systems with rights and without."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from app.core.ids import new_id
from app.core.services import Services
from app.identity import queries
from app.identity import service as identity
from app.identity.models import User
from app.identity.rules import hash_token
from app.identity.scopes import Role, Scope
from tests.support import NOW

LIFETIME = timedelta(days=30)
DEAD = ("none", "expired", "revoked")
PEOPLE = ("employee", "unit_head", "bkd_admin", "auditor")
SYSTEMS = ("with_scopes", "without_scopes")
PRINCIPALS = (*DEAD, *PEOPLE, *SYSTEMS)


@dataclass
class Principals:
    """The tokens by which each principal calls."""

    services: Services
    app: FastAPI
    tenant_id: UUID
    tokens: dict[str, str | None] = field(default_factory=dict)
    keys: dict[frozenset[Scope], str] = field(default_factory=dict)

    async def token(self, principal: str, scopes: tuple[str, ...] | None) -> str | None:
        """The token of a principal, where an operation asks for these scopes."""
        if principal not in SYSTEMS:
            return self.tokens[principal]
        asked = frozenset(Scope(scope) for scope in scopes or ())
        held = asked if principal == "with_scopes" else frozenset(Scope) - asked
        if held not in self.keys:
            self.keys[held] = await self.key(held)
        return self.keys[held]

    async def key(self, scopes: Iterable[Scope], lifetime: timedelta = LIFETIME) -> str:
        async with self.services.database.transaction(self.tenant_id) as session:
            return await identity.create_key(
                session,
                self.tenant_id,
                name="access",
                scopes=scopes,
                expires_at=NOW + lifetime,
                now=NOW,
            )

    async def user(self, role: Role, **of: Any) -> str:
        """A token of a user who has this office, as the provider's sign-in leaves it behind."""
        user = User(
            tenant_id=self.tenant_id,
            id=new_id(),
            issuer="https://masuk.example",
            subject=role.value,
            role=role,
            has_own_side=False,
            last_seen_at=NOW,
            **of,
        )
        async with self.services.database.transaction(self.tenant_id) as session:
            session.add(user)
            await session.flush()
            caller = queries.as_user(user, NOW + LIFETIME)
        assert caller is not None
        token = f"sm_test_{role}"
        self.app.state.callers.remember(hash_token(token), caller, NOW)
        return token


async def everybody(
    services: Services, app: FastAPI, tenant_id: UUID, unit_id: str, employee_id: str
) -> Principals:
    """All principals of a government; the head and the employee are of one unit."""
    found = Principals(services, app, tenant_id)
    revoked = await found.key(Scope)
    async with services.database.transaction(tenant_id) as session:
        assert await identity.revoke_key(session, tenant_id, revoked[:12], now=NOW) >= 1
    found.tokens = {
        "none": None,
        "expired": await found.key(Scope, timedelta(0)),
        "revoked": revoked,
        "employee": await found.user(Role.EMPLOYEE, employee_id=UUID(employee_id)),
        "unit_head": await found.user(Role.UNIT_HEAD, unit_id=UUID(unit_id)),
        "bkd_admin": await found.user(Role.BKD_ADMIN),
        "auditor": await found.user(Role.AUDITOR),
    }
    return found
