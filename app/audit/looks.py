"""How a route says whom its answer tells of: no such answer leaves without an entry."""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.chain import Look, note_look
from app.changes.models import EntryKind
from app.core.services import ServicesDep
from app.identity.access import SessionDep, get_caller
from app.identity.rules import Caller


class LookNotRecorded(Exception):
    """An operation that tells of people has not said of whom; its answer is withheld."""


class Looking:
    """One request's look at people, to be told of whom before the answer leaves."""

    def __init__(
        self,
        session: AsyncSession,
        caller: Caller,
        *,
        kind: EntryKind,
        operation: str,
        at: datetime,
    ) -> None:
        self._session = session
        self._caller = caller
        self._kind = kind
        self._operation = operation
        self._at = at
        self.told = False

    def of(self, employee_ids: Iterable[UUID], *, subject_id: UUID | None = None) -> None:
        """Record that the answer tells of these people, perhaps of nobody; in one entry.

        `subject_id` names what was asked about besides: a report, an import.
        """
        look = Look(
            self._kind,
            self._operation,
            self._caller.actor,
            self._at,
            tuple(employee_ids),
            subject_id,
        )
        note_look(self._session, self._caller.tenant_id, look)
        self.told = True


def note_by_hand(
    session: AsyncSession,
    request: Request,
    caller: Caller,
    kind: EntryKind,
    employee_ids: Iterable[UUID],
    *,
    at: datetime,
    subject_id: UUID | None = None,
) -> None:
    """Record the look of a route that opens its transactions itself, in the one given."""
    operation = request.scope["route"].name
    look = Look(kind, operation, caller.actor, at, tuple(employee_ids), subject_id)
    note_look(session, caller.tenant_id, look)


def looking(kind: EntryKind) -> Callable[..., AsyncIterator[Looking]]:
    """A dependency for routes whose answer tells of people; the entry bears the route's name."""

    async def look(
        request: Request,
        caller: Annotated[Caller, Depends(get_caller)],
        session: SessionDep,
        services: ServicesDep,
    ) -> AsyncIterator[Looking]:
        if kind is EntryKind.EXPORT:
            await request.app.state.limits.export(caller)
        begun = Looking(
            session,
            caller,
            kind=kind,
            operation=request.scope["route"].name,
            at=services.clock.now(),
        )
        yield begun
        # Still inside the transaction, which this error rolls back.
        if not begun.told:
            raise LookNotRecorded

    return look


READING = looking(EntryKind.READ)
EXPORTING = looking(EntryKind.EXPORT)
ReadingDep = Annotated[Looking, Depends(READING, scope="function")]
ExportingDep = Annotated[Looking, Depends(EXPORTING, scope="function")]
