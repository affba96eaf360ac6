"""Breaches of personal data: what came about, who was told of whom, and until when to notify.

Source: Law 27/2022 (UU PDP), article 46: a written notice at the latest 3 x 24 hours after it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.ids import new_id
from app.core.paging import PageRequest
from app.identity.rules import Caller
from app.privacy.models import Breach
from app.privacy.schemas import (
    AffectedPerson,
    BreachClosureIn,
    BreachExport,
    BreachIn,
    BreachOut,
)

NOTIFY_WITHIN = timedelta(hours=72)
AFFECTED = text("""
SELECT person.id AS employee_id, employee.name, unit.code AS unit_code, count(*) AS looks,
       min(look.at) AS first_at, max(look.at) AS last_at,
       array_agg(DISTINCT look.operation ORDER BY look.operation) AS operations,
       bool_or(look.kind = 'export') AS exported
FROM audit_entries AS look
CROSS JOIN LATERAL unnest(look.employee_ids) AS person (id)
JOIN employees AS employee ON employee.tenant_id = look.tenant_id AND employee.id = person.id
JOIN work_units AS unit ON unit.tenant_id = employee.tenant_id AND unit.id = employee.unit_id
WHERE look.tenant_id = :tenant_id AND look.kind IN ('read', 'export')
  AND look.at >= :begins AND look.at < :ends AND look.actor = ANY(:principals)
GROUP BY person.id, employee.name, unit.code ORDER BY unit.code, person.id
""")


class WindowInvalid(Invalid):
    """The window of a breach ends after it begins, and neither lies ahead."""


class NothingConcerned(Invalid):
    """Say by which keys or users a breach came about, or which systems it concerns."""


class ClosedAlready(Conflict):
    """The breach has been closed."""


def shown(breach: Breach) -> BreachOut:
    """A breach as the API answers it."""
    told = BreachOut.model_validate(breach)
    told.notify_until = breach.found_at + NOTIFY_WITHIN
    return told


async def record_breach(
    session: AsyncSession, caller: Caller, body: BreachIn, *, now: datetime
) -> Breach:
    """Write a breach down; the time to notify runs from when it was found.

    Raises:
        WindowInvalid: its moments do not fit together.
        NothingConcerned: it names neither a principal nor a system.
    """
    if not (body.principals or body.systems):
        fault = FieldError("/systems", "missing", "a system, where no key or user is named")
        raise NothingConcerned(errors=[fault])
    if not body.begins < body.ends <= now or body.found_at > now:
        raise WindowInvalid(errors=[FieldError("/ends", "window", "after begins, and not ahead")])
    breach = Breach(
        tenant_id=caller.tenant_id, id=new_id(), recorded_at=now, actor=caller.actor,
        **body.model_dump(),
    )  # fmt: skip
    session.add(breach)
    _note(session, ChangeKind.BREACH_RECORDED, breach, caller, now)
    await session.flush()
    return breach


async def get(
    session: AsyncSession, caller: Caller, breach_id: UUID, *, locked: bool = False
) -> Breach:
    """One breach.

    Raises:
        NotFound: there is none.
    """
    found = select(Breach).where(Breach.tenant_id == caller.tenant_id, Breach.id == breach_id)
    breach = await session.scalar(found.with_for_update() if locked else found)
    if breach is None:
        raise NotFound
    return breach


async def page(session: AsyncSession, caller: Caller, wanted: PageRequest) -> Sequence[Breach]:
    """One page and one row more, oldest first."""
    found = select(Breach).where(Breach.tenant_id == caller.tenant_id).order_by(Breach.id)
    if wanted.after is not None:
        found = found.where(Breach.id > wanted.after)
    return (await session.scalars(found.limit(wanted.limit + 1))).all()


async def close(
    session: AsyncSession, caller: Caller, breach_id: UUID, body: BreachClosureIn, *, now: datetime
) -> Breach:
    """Close a breach, once.

    Raises:
        NotFound: there is none.
        ClosedAlready: it was closed before.
    """
    breach = await get(session, caller, breach_id, locked=True)
    if breach.closed_at is not None:
        raise ClosedAlready
    breach.conclusion, breach.closed_by, breach.closed_at = body.conclusion, body.closed_by, now
    _note(session, ChangeKind.BREACH_CLOSED, breach, caller, now)
    await session.flush()
    return breach


async def export(session: AsyncSession, caller: Caller, breach_id: UUID) -> BreachExport:
    """Of whom the named principals were told within the window: who, what, when.

    Raises:
        NotFound: there is no such breach.
    """
    breach = await get(session, caller, breach_id)
    where = {
        "tenant_id": caller.tenant_id,
        "begins": breach.begins,
        "ends": breach.ends,
        "principals": breach.principals,
    }
    rows: Sequence[Row[tuple[object, ...]]] = (await session.execute(AFFECTED, where)).all()
    people = [AffectedPerson.model_validate(row) for row in rows]
    return BreachExport(breach=shown(breach), in_trail=bool(breach.principals), people=people)


def _note(
    session: AsyncSession, kind: ChangeKind, breach: Breach, caller: Caller, now: datetime
) -> None:
    record(session, kind, breach.id, tenant_id=caller.tenant_id, actor=caller.actor, at=now)
