"""Receiving requests, and answering each of them once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.errors import Conflict, FieldError, Invalid
from app.core.ids import new_id
from app.employees import queries as employees
from app.identity.rules import Caller
from app.subject_requests import queries
from app.subject_requests.models import SubjectRequest
from app.subject_requests.rules import RequestOutcome, due_at, state_of
from app.subject_requests.schemas import (
    AnswerIn,
    OwnRequestIn,
    SubjectRequestIn,
    SubjectRequestOut,
)


class AnsweredAlready(Conflict):
    """The request has been answered; who is not content may ask again."""


class ReceivedInFuture(Invalid):
    """A request cannot have been received after now."""


class RefusalWithoutLaw(Invalid):
    """A refusal names what it rests on: fill in legal_reference."""


async def receive(
    session: AsyncSession, caller: Caller, body: SubjectRequestIn, *, now: datetime
) -> SubjectRequest:
    """Take in what an officer has received.

    Raises:
        NotFound: there is no such employee.
        ReceivedInFuture: it was not received yet.
    """
    await employees.get(session, caller, body.employee_id)
    if body.received_at > now:
        fault = FieldError("/received_at", "future", "a moment that has passed")
        raise ReceivedInFuture(errors=[fault])
    return await _keep(
        session,
        caller,
        body.employee_id,
        body,
        received_at=body.received_at,
        received_by=body.received_by,
        now=now,
    )


async def ask(
    session: AsyncSession, caller: Caller, employee_id: UUID, body: OwnRequestIn, *, now: datetime
) -> SubjectRequest:
    """Take in what an employee asks themselves; the clock begins now."""
    return await _keep(
        session, caller, employee_id, body, received_at=now, received_by=None, now=now
    )


async def _keep(
    session: AsyncSession,
    caller: Caller,
    employee_id: UUID,
    body: OwnRequestIn,
    *,
    received_at: datetime,
    received_by: str | None,
    now: datetime,
) -> SubjectRequest:
    request = SubjectRequest(
        tenant_id=caller.tenant_id,
        id=new_id(),
        employee_id=employee_id,
        kind=body.right,
        text=body.text,
        received_at=received_at,
        received_by=received_by,
        due_at=due_at(received_at),
        actor=caller.actor,
    )
    session.add(request)
    _note(session, ChangeKind.SUBJECT_REQUEST_RECEIVED, request, caller, now)
    await session.flush()
    return request


async def answer(
    session: AsyncSession, caller: Caller, request_id: UUID, body: AnswerIn, *, now: datetime
) -> SubjectRequest:
    """Answer a request, once.

    Raises:
        NotFound: there is no such request.
        AnsweredAlready: it has its answer.
        RefusalWithoutLaw: a refusal does not say what it rests on.
    """
    request = await queries.get(session, caller, request_id, locked=True)
    if request.outcome is not None:
        raise AnsweredAlready
    if body.outcome is RequestOutcome.REFUSED and body.legal_reference is None:
        fault = FieldError("/legal_reference", "missing", "the article that a refusal rests on")
        raise RefusalWithoutLaw(errors=[fault])
    request.outcome = body.outcome
    request.reason = body.reason
    request.legal_reference = body.legal_reference
    request.answered_by = body.answered_by
    request.answered_at = now
    _note(session, ChangeKind.SUBJECT_REQUEST_ANSWERED, request, caller, now)
    await session.flush()
    return request


def _note(
    session: AsyncSession, kind: ChangeKind, request: SubjectRequest, caller: Caller, now: datetime
) -> None:
    record(
        session,
        kind,
        request.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        right=request.kind.value,
    )


def shown(request: SubjectRequest, now: datetime) -> SubjectRequestOut:
    """A request as the API answers it."""
    return SubjectRequestOut(
        id=request.id,
        employee_id=request.employee_id,
        right=request.kind,
        text=request.text,
        received_at=request.received_at,
        received_by=request.received_by,
        due_at=request.due_at,
        state=state_of(request.answered_at, request.due_at, now),
        outcome=request.outcome,
        reason=request.reason,
        legal_reference=request.legal_reference,
        answered_by=request.answered_by,
        answered_at=request.answered_at,
    )
