"""Showing an employee what is kept of them, and who has looked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import queries as accounts
from app.accounts import service as accounts_service
from app.audit import queries as audit
from app.audit.queries import TrailFilter
from app.audit.service import number_behind
from app.changes.kinds import ChangeKind
from app.compliance import answers
from app.compliance import queries as compliance
from app.connections import service as connections
from app.connections.connecting import CONSENT_PLATFORMS
from app.connections.rules import Subject, SubjectKind
from app.contacts import queries as contacts
from app.contacts import service as contacts_service
from app.contacts.schemas import ContactOut
from app.contacts.sealing import ContactsNotSetUp, required_keys
from app.core.clock import jakarta_day
from app.core.paging import PageRequest, decode_cursor, encode_cursor
from app.disputes import notices
from app.disputes import queries as disputes
from app.disputes import service as disputes_service
from app.disputes.schemas import DisputeIn, DisputeOut
from app.employees import queries as employees
from app.employees import service as employees_service
from app.identity.rules import CallerKind
from app.me import queries
from app.me.access import Own
from app.me.schemas import (
    CountedIn,
    Everything,
    Looker,
    OwnConsent,
    OwnData,
    OwnDisputeIn,
    OwnVerdict,
    OwnVerdicts,
    Trail,
    TrailEntry,
)
from app.me.wording import REASONS
from app.neutrality import queries as neutrality
from app.observations import evidence
from app.observations import queries as observations
from app.observations.schemas import SelfEvidenceOut
from app.settings import Settings
from app.subject_requests import queries as requests
from app.subject_requests import service as requests_service
from app.subject_requests.schemas import SubjectRequestOut

# Who takes in what an employee says without an officer's help.
ONESELF = "Pegawai yang bersangkutan"


async def data(session: AsyncSession, own: Own, settings: Settings) -> OwnData:
    """What is kept of the employee."""
    employee = await employees.get(session, own.caller, own.employee_id)
    [shown] = await employees_service.shown(session, own.caller, [employee])
    counted = await queries.counted_in(session, own)
    return OwnData(
        employee=shown,
        unit_name=await queries.unit_name(session, own, employee.unit_id),
        contact=await _contact(session, own, settings),
        campaigns=[CountedIn.model_validate(each) for each in counted],
    )


async def _contact(session: AsyncSession, own: Own, settings: Settings) -> ContactOut | None:
    try:
        keys = required_keys(settings)
    except ContactsNotSetUp:
        # Where there are no keys there are no addresses either.
        return None
    row = await contacts.contact_of(session, own.caller.tenant_id, own.employee_id)
    return contacts_service.shown(keys, own.caller, own.employee_id, row)


async def consents(session: AsyncSession, own: Own, *, now: datetime) -> list[OwnConsent]:
    """What the employee has consented to, of each account for which that can be asked."""
    found = []
    for account in await accounts.of_employee(session, own.caller, own.employee_id):
        if account.platform in CONSENT_PLATFORMS:
            subject = Subject(SubjectKind.ACCOUNT, account.id)
            shown = await connections.show(session, own.caller, subject, now=now)
            found.append(OwnConsent(account_id=account.id, **dict(shown)))
    return found


async def verdicts(session: AsyncSession, own: Own, *, now: datetime) -> OwnVerdicts:
    """Every verdict about the employee, with its evidence and in plain words."""
    paused = await answers.paused_accounts(session, own.caller, now=now)
    left_out = [each.official_account_id for each in paused]
    rows = await compliance.of_employee(session, own.caller, own.employee_id, left_out)
    told = [answers.verdict_of(row) for row in rows]
    items = [OwnVerdict(**dict(each), explanation=REASONS[each.reason]) for each in told]
    return OwnVerdicts(items=items, paused=paused)


async def shown_evidence(
    session: AsyncSession, own: Own, *, now: datetime
) -> list[SelfEvidenceOut]:
    """What the employee has shown of their own accounts."""
    tenant_id = own.caller.tenant_id
    paused = await neutrality.paused(session, tenant_id, jakarta_day(now))
    ids = [each.official_account_id for each in paused]
    found = []
    for account in await accounts.of_employee(session, own.caller, own.employee_id):
        found += await queries.whole(
            lambda page, account_id=account.id: observations.evidence_of(  # type: ignore[misc]
                session, tenant_id, account_id, page, paused=ids
            )
        )
    return await evidence.shown(session, tenant_id, found, ids)


async def file_dispute(
    session: AsyncSession, own: Own, body: OwnDisputeIn, *, now: datetime
) -> DisputeOut:
    """Keep what the employee says against a verdict; see `disputes.service.file` for refusals."""
    named = DisputeIn(employee_id=own.employee_id, received_by=ONESELF, **body.model_dump())
    filed = await disputes_service.file(session, own.caller, named, now=now)
    [shown] = await disputes_service.shown(session, own.caller, [filed])
    return shown


async def own_disputes(session: AsyncSession, own: Own) -> list[DisputeOut]:
    """What the employee has said so far, with what was decided."""
    found = await queries.whole(
        lambda page: disputes.disputes_page(
            session, own.caller, page, campaign_id=None, employee_id=own.employee_id, decided=None
        )
    )
    return await disputes_service.shown(session, own.caller, found)


async def own_requests(
    session: AsyncSession, own: Own, *, now: datetime
) -> list[SubjectRequestOut]:
    """What the employee has asked about their own data."""
    found = await queries.whole(
        lambda page: requests.page(session, own.caller, page, employee_id=own.employee_id, now=now)
    )
    return [requests_service.shown(each, now) for each in found]


async def trail(
    session: AsyncSession, own: Own, page: PageRequest, *, others: bool = False
) -> Trail:
    """One page of who has looked at the employee or changed their record, newest first.

    With `others` it leaves out what the employee has done by the session that asks.

    Raises:
        CursorInvalid: the cursor is one of another list.
    """
    tenant_id, oneself = own.caller.tenant_id, own.caller.actor
    chosen = TrailFilter(employee_id=own.employee_id, not_by=oneself if others else None)
    found = await audit.trail(
        session, tenant_id, chosen, before=number_behind(page), limit=page.limit + 1
    )
    rows = found[: page.limit]
    lookers = await _lookers(session, own, {row.actor for row in rows})
    covering = [row.sequence for row in rows if row.change_count is not None]
    changes = await audit.changes_of(session, tenant_id, covering, own.employee_id)
    items = [_entry(row, lookers, changes.get(row.sequence, ())) for row in rows]
    more = len(found) > page.limit
    return Trail(items=items, next=encode_cursor(UUID(int=rows[-1].sequence)) if more else None)


def _entry(row: Row[Any], lookers: dict[str, Looker], changes: Sequence[Row[Any]]) -> TrailEntry:
    return TrailEntry(
        at=row.at,
        kind=row.kind,
        by=lookers[row.actor],
        operation=row.operation,
        changes=sorted({ChangeKind(each.kind) for each in changes}),
    )


async def _lookers(session: AsyncSession, own: Own, actors: set[str]) -> dict[str, Looker]:
    """Each actor as the employee is told of them: a system's name, an office, or a worker."""
    tenant_id = own.caller.tenant_id
    ids: dict[str, list[UUID]] = {kind: [] for kind in CallerKind}
    for actor in actors:
        kind, _, name = actor.partition(":")
        if kind in ids:
            ids[kind].append(UUID(name))
    keys = await queries.names_of_keys(session, tenant_id, ids[CallerKind.API_KEY])
    users = await queries.people_of_users(session, tenant_id, ids[CallerKind.USER])
    lookers = {}
    for actor in actors:
        kind, _, name = actor.partition(":")
        told: str | None = None if kind in ids else name or None
        oneself = False
        if kind == CallerKind.API_KEY:
            told = keys.get(UUID(name))
        elif kind == CallerKind.USER and UUID(name) in users:
            role, employee_id = users[UUID(name)]
            told, oneself = role.value, employee_id == own.employee_id
        lookers[actor] = Looker(kind=kind, name=told, oneself=oneself)
    return lookers


async def everything(
    session: AsyncSession, own: Own, settings: Settings, *, now: datetime
) -> Everything:
    """All that is kept of the employee."""
    caller = own.caller
    sent = await queries.whole(
        lambda page: disputes.notices_page(
            session, caller, page, campaign_id=None, employee_id=own.employee_id
        )
    )
    declared = await accounts.of_employee(session, caller, own.employee_id)
    return Everything(
        made_at=now,
        data=await data(session, own, settings),
        accounts=[accounts_service.shown(each) for each in declared],
        evidence=await shown_evidence(session, own, now=now),
        verdicts=await verdicts(session, own, now=now),
        notices=await notices.shown(session, caller, sent),
        disputes=await own_disputes(session, own),
        requests=await own_requests(session, own, now=now),
        trail=await _whole_trail(session, own),
    )


async def _whole_trail(session: AsyncSession, own: Own) -> list[TrailEntry]:
    entries: list[TrailEntry] = []
    page = PageRequest(None, queries.AT_ONCE)
    while True:
        found = await trail(session, own, page)
        entries += found.items
        if found.next is None:
            return entries
        page = PageRequest(decode_cursor(found.next), queries.AT_ONCE)
