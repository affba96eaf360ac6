"""The drift report: the registry beside SIASN, at a gentle pace; it changes nothing in either.

An employee about whom SIASN could not be asked is counted with the reason, and is never one whom
it does not know. Asking ends early when the credentials are refused, when SIASN asks for more
patience than a minute, or after several failures in a row.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.chain import Look, note_look
from app.changes.models import EntryKind
from app.core.clock import Clock
from app.core.db import Database
from app.core.paging import PageRequest
from app.employees import queries as employees
from app.employees.rules import mask_nip
from app.identity.rules import Caller
from app.siasn.errors import CredentialsBad, NoSuchEmployee, RateLimited, SiasnError
from app.siasn.reading import Servant
from app.siasn.rules import Answer, Field, Registered, UnitHere, compared
from app.work_units import queries as work_units

BATCH: Final = 200
AT_ONCE: Final = 4
FAILURES_IN_A_ROW: Final = 5
LONGEST_PAUSE_SECONDS: Final = 60.0
ATTEMPTS: Final = 3
NOT_REACHED: Final = "asking_ended_before"
WITHOUT_NIP: Final = "without_nip"

Pause = Callable[[float], Awaitable[None]]


class AsksOfServants(Protocol):
    """Whoever answers about an employee by NIP."""

    async def servant(self, nip: str) -> Servant: ...


@dataclass(frozen=True, slots=True)
class Differing:
    """An employee in whom the two differ; the NIP is masked."""

    employee_id: UUID
    nip: str
    fields: Sequence[Field]


@dataclass(frozen=True, slots=True)
class Someone:
    """An employee, by id and masked NIP."""

    employee_id: UUID
    nip: str


@dataclass(slots=True)
class Drift:
    """The report; every employee looked at stands in exactly one of the four groups."""

    employees: int = 0
    agree: int = 0
    differ: list[Differing] = field(default_factory=list)
    unknown_there: list[Someone] = field(default_factory=list)
    not_answered: Counter[str] = field(default_factory=Counter)
    not_compared: Counter[Field] = field(default_factory=Counter)
    ended_because: str | None = None

    @property
    def complete(self) -> bool:
        """Whether SIASN has answered about everybody."""
        return not self.not_answered


async def drift(
    database: Database,
    caller: Caller,
    siasn: AsksOfServants,
    *,
    clock: Clock,
    pause: Pause = asyncio.sleep,
    limit: int | None = None,
) -> Drift:
    """Compare the employees whom a caller may see, or the first ones, with SIASN."""
    found = Drift()
    asking = _Asking(siasn, found, clock, pause)
    after: UUID | None = None
    while limit is None or found.employees < limit:
        room = BATCH if limit is None else min(BATCH, limit - found.employees)
        async with database.transaction(caller.tenant_id) as session:
            batch = await _registered(session, caller, after, room)
            ids = tuple(each.id for each in batch)
            # BKN is told these NIPs, which is a look at people like any export.
            if batch and not asking.ended:
                look = Look(EntryKind.EXPORT, "siasn_drift", caller.actor, clock.now(), ids, None)
                note_look(session, caller.tenant_id, look)
        found.employees += len(batch)
        # No connection is held while SIASN is asked.
        await asking.about(batch)
        if len(batch) < room:
            break
        after = batch[-1].id
    return found


async def _registered(
    session: AsyncSession, caller: Caller, after: UUID | None, limit: int
) -> list[Registered]:
    wanted = PageRequest(after, limit)
    rows = (await employees.page(session, caller, wanted, employees.EmployeeFilter()))[:limit]
    nips = await employees.nips_of(session, caller.tenant_id, [row.id for row in rows])
    unors = {unit.id: unit.bkn_unor_id for unit in await work_units.all_units(session, caller)}
    return [
        Registered(
            id=row.id,
            nip=nips.get(row.id, ""),
            name=row.name,
            category=row.category,
            standing=row.standing,
            unor_id=unors.get(row.unit_id),
            position=row.position,
        )
        for row in rows
    ]


class _Asking:
    """Asks about many at a gentle pace, and notes what became of each."""

    def __init__(self, siasn: AsksOfServants, found: Drift, clock: Clock, pause: Pause) -> None:
        self._siasn = siasn
        self._found = found
        self._clock = clock
        self._pause = pause
        self._failures = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more is asked."""
        return self._found.ended_because is not None

    async def about(self, batch: Sequence[Registered]) -> None:
        """Ask about each, a few at once."""
        waiting = iter(batch)

        async def ask_on() -> None:
            # The iterator is shared, so that each employee is asked about once.
            for employee in waiting:
                await self._about_one(employee)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(ask_on())

    async def _about_one(self, ours: Registered) -> None:
        if self.ended:
            self._found.not_answered[NOT_REACHED] += 1
            return
        if not ours.nip:
            self._found.not_answered[WITHOUT_NIP] += 1
            return
        try:
            theirs = await self._patiently(ours.nip)
        except NoSuchEmployee:
            self._failures = 0
            self._found.unknown_there.append(Someone(ours.id, mask_nip(ours.nip)))
        except SiasnError as error:
            self._failed(error)
        else:
            self._failures = 0
            self._note(ours, theirs)

    async def _patiently(self, nip: str) -> Servant:
        """The answer; where SIASN asks for a little patience, after that.

        Raises:
            SiasnError: there is none, or more patience is asked for than a minute.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._siasn.servant(nip)
            except RateLimited as error:
                seconds = (error.retry_at - self._clock.now()).total_seconds()
                if self.ended or seconds > LONGEST_PAUSE_SECONDS:
                    raise
                await self._pause(max(seconds, 0.0))
        return await self._siasn.servant(nip)

    def _failed(self, error: SiasnError) -> None:
        self._found.not_answered[error.outcome] += 1
        self._failures += 1
        hopeless = isinstance(error, CredentialsBad | RateLimited)
        if self._found.ended_because is None and (hopeless or self._failures >= FAILURES_IN_A_ROW):
            self._found.ended_because = str(error)

    def _note(self, ours: Registered, theirs: Servant) -> None:
        answers = compared(ours, theirs)
        differing = [name for name, answer in answers.items() if answer is Answer.DIFFERS]
        self._found.not_compared.update(
            name for name, answer in answers.items() if answer is Answer.NOT_COMPARED
        )
        if differing:
            self._found.differ.append(Differing(ours.id, mask_nip(ours.nip), differing))
        else:
            self._found.agree += 1


async def units_here(session: AsyncSession, caller: Caller) -> list[UnitHere]:
    """The work units that a caller may see, each with the BKN id of the one above."""
    rows = await work_units.all_units(session, caller)
    unors = {row.id: row.bkn_unor_id for row in rows}
    return [
        UnitHere(
            code=row.code,
            name=row.name,
            unor_id=row.bkn_unor_id,
            above=unors.get(row.parent_id) if row.parent_id else None,
        )
        for row in rows
    ]


async def nips_here(database: Database, caller: Caller) -> set[str]:
    """The NIPs of the employees whom a caller may see."""
    known: set[str] = set()
    after: UUID | None = None
    while True:
        async with database.transaction(caller.tenant_id) as session:
            batch = await _registered(session, caller, after, BATCH)
        known.update(each.nip for each in batch if each.nip)
        if len(batch) < BATCH:
            return known
        after = batch[-1].id
