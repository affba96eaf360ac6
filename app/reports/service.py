"""Freezing reports, and handing out what was frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import archives
from app.campaigns import queries as campaigns
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.compliance import answers
from app.compliance.freezing import one_at_a_time
from app.core.clock import Clock, jakarta_day
from app.core.errors import AppError, Conflict, Forbidden
from app.core.ids import new_id
from app.identity.rules import Caller
from app.neutrality import queries as neutrality
from app.neutrality.rules import PauseReason
from app.neutrality.schemas import PausedOut
from app.neutrality.service import shown as shown_pause
from app.reports import gathering, people, queries
from app.reports.document import (
    SCHEMA_VERSION,
    Frozen,
    Heading,
    build,
    canonical,
    digest_of,
)
from app.reports.gathering import Facts
from app.reports.models import Report
from app.reports.people import NEEDED, ListedPerson
from app.reports.rules import number_of
from app.reports.schemas import ReportIn, ReportOut

DEFAULT_TITLE = "Laporan {campaign}"


class ReportWithheld(Conflict):
    """An official account in this report is paused until the end of {until} (neutrality window)."""


class OnlyNumbersLeft(Conflict):
    """Since {since} only the numbers of this campaign are left: hand out an earlier report."""


class ReportDamaged(AppError):
    """The stored report is not what was frozen: its digest does not agree; restore a backup."""

    title = "Report damaged"


async def freeze(
    session: AsyncSession, caller: Caller, wanted: ReportIn, *, clock: Clock
) -> Report:
    """Freeze a campaign's numbers of this moment under the next number of the year.

    Raises:
        NotFound: there is no such campaign.
        Forbidden: people are wanted whom the caller may not see.
        OnlyNumbersLeft: the campaign was archived, and no reason of any number is known.
    """
    if wanted.include_people:
        for scope in NEEDED:
            if scope not in caller.scopes:
                raise Forbidden(scope=scope)
    campaign = await campaigns.get(session, caller, wanted.campaign_id)
    await one_at_a_time(session, campaign.id)
    archived = await archives.archived_at(session, caller.tenant_id, campaign.id)
    if archived is not None:
        raise OnlyNumbersLeft(since=archived.isoformat())
    # What an evaluation has written meanwhile belongs to this moment and not to the request's.
    await session.refresh(campaign)
    now = clock.now()
    found = await gathering.facts(session, caller, campaign, now=now)
    report = await _numbered(session, caller, wanted, found, now=now)
    if wanted.include_people:
        asked = answers.asked_about(caller, campaign.id, found.progress.paused_accounts)
        await people.keep(session, asked, report.id)
    return report


async def _numbered(
    session: AsyncSession, caller: Caller, wanted: ReportIn, found: Facts, *, now: datetime
) -> Report:
    """Store the facts under the next number, and record that this was done."""
    year = jakarta_day(now).year
    serial = await queries.next_serial(session, caller.tenant_id, year)
    title = wanted.title or DEFAULT_TITLE.format(campaign=found.campaign.title)
    heading = Heading(number_of(serial, year), title, caller.actor, wanted.officer, now)
    document = canonical(build(heading, found))
    report = Report(
        tenant_id=caller.tenant_id,
        id=new_id(),
        year=year,
        serial=serial,
        title=title,
        campaign_id=found.campaign.id,
        valid_at=now,
        known_at=now,
        created_by=caller.actor,
        officer=wanted.officer,
        schema_version=SCHEMA_VERSION,
        official_account_ids=gathering.told_of(found),
        includes_people=wanted.include_people,
        digest=digest_of(document),
        document=document,
    )
    session.add(report)
    _record_frozen(session, report)
    await session.flush()
    return report


def _record_frozen(session: AsyncSession, report: Report) -> None:
    """Tell of the report, and of its digest: nobody alters that in the audit chain unseen."""
    record(
        session,
        ChangeKind.REPORT_FROZEN,
        report.id,
        tenant_id=report.tenant_id,
        actor=report.created_by,
        at=report.known_at,
        campaign_id=str(report.campaign_id),
        number=report.number,
        sha256=report.digest.hex(),
        includes_people=report.includes_people,
    )


async def withheld_for(
    session: AsyncSession, report: Report, *, clock: Clock
) -> Sequence[PausedOut]:
    """The accounts that a report tells of and that an election window pauses today."""
    found = await neutrality.paused(session, report.tenant_id, jakarta_day(clock.now()))
    return [
        shown_pause(each)
        for each in found
        if each.pause.reason is PauseReason.NEUTRALITY_WINDOW
        and each.official_account_id in report.official_account_ids
    ]


@dataclass(frozen=True, slots=True)
class Copy:
    """A report as it may be given out today."""

    report: Report
    frozen: Frozen


async def copy(session: AsyncSession, caller: Caller, report_id: UUID, *, clock: Clock) -> Copy:
    """A report with its document.

    Raises:
        NotFound: there is none in the caller's tenant.
        ReportWithheld: it tells of an account that an election window pauses today.
        ReportDamaged: its digest does not agree.
    """
    report = await queries.get(session, caller, report_id, whole=True)
    withheld = await withheld_for(session, report, clock=clock)
    if withheld:
        until = max(each.until for each in withheld if each.until is not None)
        raise ReportWithheld(until=until.isoformat())
    if digest_of(report.document) != report.digest:
        raise ReportDamaged
    return Copy(report, Frozen(orjson.loads(report.document), report.digest.hex()))


async def people_of(
    session: AsyncSession, caller: Caller, report: Report, *, clock: Clock
) -> Sequence[ListedPerson] | None:
    """Whom a report lists; None where it lists nobody, or the caller may not see them."""
    if not (report.includes_people and people.may_list(caller)):
        return None
    found = await neutrality.paused(session, caller.tenant_id, jakarta_day(clock.now()))
    paused = [each.official_account_id for each in found]
    return await people.listed(session, caller, report.id, paused)


async def shown(session: AsyncSession, report: Report, *, clock: Clock) -> ReportOut:
    """A report as the API names it; whom it listed is forgotten with its campaign."""
    where = (session, report.tenant_id, report.campaign_id)
    lists_people = report.includes_people and await archives.archived_at(*where) is None
    return ReportOut(
        id=report.id,
        number=report.number,
        title=report.title,
        campaign_id=report.campaign_id,
        valid_at=report.valid_at,
        known_at=report.known_at,
        created_by=report.created_by,
        officer=report.officer,
        schema_version=report.schema_version,
        sha256=report.digest.hex(),
        includes_people=lists_people,
        withheld_for=list(await withheld_for(session, report, clock=clock)),
    )
