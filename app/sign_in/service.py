"""Becoming a caller: by an access token, or by the cookie of a browser session."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.errors import Forbidden
from app.core.ids import new_id
from app.core.services import Services
from app.employees import queries as employees
from app.identity import queries as identity
from app.identity.models import User
from app.identity.rules import Caller, office_of
from app.identity.scopes import Role
from app.settings import Settings
from app.sign_in import sessions
from app.sign_in.issuer import Issuer
from app.sign_in.rules import (
    SKEW,
    ClaimNames,
    Expected,
    Person,
    TokenNotTaken,
    check_claims,
    is_access_token,
    person_of,
)
from app.work_units import queries as work_units

# A user who works without a pause is noted once in a while, not at each request.
SEEN_PRECISION = timedelta(minutes=1)


class NoOffice(Forbidden):
    """The identity provider names no role for you that opens anything here; ask BKD for one."""


@dataclass(frozen=True, slots=True)
class Configured:
    """What the settings say of the identity provider; complete or absent."""

    issuer: str
    audience: str
    tenant: str
    names: ClaimNames

    @classmethod
    def of(cls, settings: Settings) -> "Configured | None":
        """The configuration; None where no provider is set."""
        if settings.oidc_issuer is None:
            return None
        assert settings.oidc_audience is not None
        assert settings.oidc_tenant is not None
        names = ClaimNames(
            settings.oidc_roles_claim, settings.oidc_unit_claim, settings.oidc_nip_claim
        )
        return cls(settings.oidc_issuer, settings.oidc_audience, settings.oidc_tenant, names)


class SignIn:
    """How people become callers in this process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.configured = Configured.of(services.settings)
        self.issuer = (
            Issuer(self.configured.issuer, services.clock) if self.configured is not None else None
        )

    async def caller_of(self, request: Request, token: str | None) -> Caller | None:
        """The person who calls with an access token, or with a session's cookie.

        Raises:
            IssuerUnreachable: nobody can tell now.
            NoOffice: the person has signed in, and may do nothing here.
            Forbidden: a browser's change does not bear the session's token.
        """
        if token is None:
            return await sessions.caller_of(self._services, request)
        if self.configured is None or self.issuer is None:
            return None
        signed = await self.issuer.signed(token)
        if signed is None or not is_access_token(signed.header, signed.claims):
            return None
        expected = Expected(self.configured.issuer, self.configured.audience)
        try:
            now = self._services.clock.now()
            expires_at = check_claims(signed.claims, expected, now)
            person = person_of(signed.claims, self.configured.names, expires_at)
        except TokenNotTaken:
            return None
        return (await known_user(self._services, self.configured, person))[1]


async def known_user(
    services: Services, configured: Configured, person: Person
) -> tuple[UUID, Caller]:
    """The user that a person is here, made or brought up to date, and what they may do.

    Raises:
        NoOffice: none of the person's roles opens anything.
    """
    now = services.clock.now()
    async with services.database.system() as session:
        tenant_id = await identity.tenant_by_slug(session, configured.tenant)
    if tenant_id is None:
        raise NoOffice
    async with services.database.transaction(tenant_id) as session:
        unit_id = await _unit(session, tenant_id, person)
        employee_id = await _employee(session, tenant_id, person)
        office = office_of(person.roles, unit_id=unit_id, is_employee=employee_id is not None)
        if office is None:
            raise NoOffice
        told = {
            "role": office.role,
            "unit_id": office.unit_id,
            "employee_id": employee_id,
            "has_own_side": employee_id is not None and Role.EMPLOYEE in person.roles,
        }
        user = await _user(session, tenant_id, person, told, now)
        _bring_up_to_date(session, user, told, now)
        await session.flush()
        caller = identity.as_user(user, person.expires_at + SKEW)
    if caller is None:
        raise NoOffice
    return user.id, caller


async def _unit(session: AsyncSession, tenant_id: UUID, person: Person) -> UUID | None:
    if person.unit_code is None:
        return None
    return await work_units.id_of_code(session, tenant_id, person.unit_code)


async def _employee(session: AsyncSession, tenant_id: UUID, person: Person) -> UUID | None:
    if person.nip is None:
        return None
    return await employees.id_of_nip(session, tenant_id, person.nip)


async def _user(
    session: AsyncSession, tenant_id: UUID, person: Person, told: Mapping[str, Any], now: datetime
) -> User:
    named = select(User).where(
        User.tenant_id == tenant_id, User.issuer == person.issuer, User.subject == person.subject
    )
    user = await session.scalar(named)
    if user is not None:
        return user
    # Two first requests of one person may come at once: one of them makes the user.
    made = await session.scalar(
        insert(User)
        .values(
            tenant_id=tenant_id,
            id=new_id(),
            issuer=person.issuer,
            subject=person.subject,
            last_seen_at=now,
            **told,
        )
        .on_conflict_do_nothing()
        .returning(User.id)
    )
    user = (await session.scalars(named)).one()
    if made is not None:
        actor = f"user:{user.id}"
        record(session, ChangeKind.USER_CREATED, user.id, tenant_id=tenant_id, actor=actor, at=now)
    return user


def _bring_up_to_date(
    session: AsyncSession, user: User, told: Mapping[str, Any], now: datetime
) -> None:
    changed = [name for name, value in told.items() if getattr(user, name) != value]
    for name in changed:
        setattr(user, name, told[name])
    if changed:
        record(
            session,
            ChangeKind.USER_UPDATED,
            user.id,
            tenant_id=user.tenant_id,
            actor=f"user:{user.id}",
            at=now,
            role=user.role.value,
        )
    if changed or now - user.last_seen_at > SEEN_PRECISION:
        user.last_seen_at = now
