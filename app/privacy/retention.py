"""What is kept of people, table by table, until when, and what takes it away.

Every table of the service stands in exactly one class; a new one fails a test until it does.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import CampaignArchive
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.compliance import counts
from app.compliance.freezing import one_at_a_time
from app.core.clock import Clock
from app.core.db import Database
from app.exchange.kinds import ImportState
from app.exchange.models import Import
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.privacy import service
from app.privacy.queries import UNANSWERED, UNDECIDED
from app.privacy.rules import LEFT
from app.privacy.schemas import ErasureIn
from app.settings import Settings

ACTOR_HOUR = timedelta(hours=1)
# A preview that nobody has carried out within this time is made anew from the file.
PREVIEWS = timedelta(days=30)
AT_ONCE = 100
OPERATOR = UUID(int=0)


class Class(StrEnum):
    """How long something is kept."""

    WITH_THE_PERSON = "with_the_person"
    IDS_ONLY = "ids_only"
    SHORT = "short"
    PREVIEW = "preview"
    TRAIL = "trail"
    OFFICIAL = "official"
    NOBODY = "nobody"


PERIODS: Mapping[Class, str] = {
    Class.WITH_THE_PERSON: "until the person is erased: by an officer, or after having left for"
    " SIMEDSOS_RETENTION_LEFT_DAYS",
    Class.IDS_ONLY: "for good; it holds ids, which name nobody once the person is erased",
    Class.SHORT: "days: removed by the nightly pruning when it has served its time",
    Class.PREVIEW: "30 days, or until the import is applied",
    Class.TRAIL: "for good: the chain would break; it holds ids, kinds and times",
    Class.OFFICIAL: "for good: named officers and systems, in their office",
    Class.NOBODY: "for good; it tells of no person",
}
TABLES: Mapping[Class, frozenset[str]] = {
    Class.WITH_THE_PERSON: frozenset({
        "account_handles", "accounts", "campaign_members", "campaign_stays", "connections",
        "dispute_decisions", "disputes", "employee_contacts", "employee_nips", "employees",
        "excuses", "extensions", "findings", "notice_extensions", "scim_users",
        "self_evidence",
        "subject_requests", "users",
    }),
    Class.IDS_ONLY: frozenset({
        "account_checks", "erasures", "follows", "list_matches", "notices",
        "official_account_controls", "pair_answers", "reminders", "report_people",
        "self_evidence_facts", "unit_heads", "verdict_clearances", "verdict_count_marks",
        "verdicts",
    }),
    Class.SHORT: frozenset({
        "connection_attempts", "cron_slots", "idempotency_records", "platform_breakers",
        "platform_budgets", "sign_in_links", "web_sessions", "webhook_deliveries",
    }),
    Class.PREVIEW: frozenset({"import_faults", "import_rows", "imports"}),
    Class.TRAIL: frozenset({"audit_entries", "audit_heads", "changes"}),
    Class.OFFICIAL: frozenset({
        "api_keys", "breaches", "reminder_plans", "webhook_endpoints",
    }),
    Class.NOBODY: frozenset({
        "campaign_archives", "campaign_official_accounts", "campaigns", "count_snapshots",
        "due_polls", "duties",
        "follower_lists", "long_transactions", "neutrality_windows", "official_accounts",
        "poll_runs", "reports", "scim_groups", "tenant_gauges", "tenants", "verdict_counts",
        "verdict_people", "verdict_tallies", "work_units",
    }),
}  # fmt: skip
# Ended long ago, with nothing open in which a verdict still matters.
LONG_OVER = text(f"""
SELECT campaign.id FROM campaigns AS campaign
WHERE campaign.tenant_id = :tenant_id AND campaign.ends_at <= :until
  AND NOT EXISTS (SELECT 1 FROM campaign_archives AS archive
                  WHERE archive.tenant_id = campaign.tenant_id
                    AND archive.campaign_id = campaign.id)
  AND NOT EXISTS (
      SELECT 1 FROM disputes AS dispute
      WHERE dispute.tenant_id = campaign.tenant_id AND dispute.campaign_id = campaign.id
        AND {UNDECIDED})
  AND NOT EXISTS (
      SELECT 1 FROM notices AS notice
      WHERE notice.tenant_id = campaign.tenant_id AND notice.campaign_id = campaign.id
        AND {UNANSWERED})
ORDER BY campaign.id
""")  # noqa: S608 - Only constants of another module are put into the statement.
FORGET = text("SELECT forget_campaign(:tenant_id, :campaign_id)")
# Who had left by then and has not come back since; the pasts know since when.
LONG_GONE = text("""
SELECT person.id FROM employees AS person
WHERE person.tenant_id = :tenant_id AND person.standing = ANY(:left) AND person.id > :after
  AND NOT EXISTS (SELECT 1 FROM erasures AS erased
                  WHERE erased.tenant_id = person.tenant_id AND erased.employee_id = person.id)
  AND (person.known_from <= :until OR EXISTS (
      SELECT 1 FROM employees_past AS was
      WHERE was.tenant_id = person.tenant_id AND was.id = person.id
        AND was.known_from <= :until AND was.known_to > :until AND was.standing = ANY(:left)))
ORDER BY person.id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Applied:
    """How many people were erased, campaigns archived, and previews removed."""

    erased: int
    archived: int
    previews: int

    def __bool__(self) -> bool:
        return bool(self.erased or self.archived or self.previews)


async def apply(database: Database, settings: Settings, clock: Clock, tenant_id: UUID) -> Applied:
    """Take away whose time is over; it can run twice."""
    now = clock.now()
    async with database.transaction(tenant_id) as session:
        previews = await _remove_previews(session, tenant_id, now)
    archived = await _archive(database, settings, tenant_id, now)
    erased = await _erase_long_gone(database, settings, tenant_id, now)
    applied = Applied(erased, archived, previews)
    if applied:
        async with database.transaction(tenant_id) as session:
            record(
                session,
                ChangeKind.RETENTION_APPLIED,
                tenant_id,
                tenant_id=tenant_id,
                actor="worker:retention",
                at=now,
                **asdict(applied),
            )
    return applied


async def _archive(database: Database, settings: Settings, tenant_id: UUID, now: datetime) -> int:
    if settings.retention_campaign_days is None:
        return 0
    until = now - timedelta(days=settings.retention_campaign_days)
    async with database.transaction(tenant_id) as session:
        where = {"tenant_id": tenant_id, "until": until, "now": now}
        over = (await session.scalars(LONG_OVER, where)).all()
    for campaign_id in over:
        async with database.transaction(tenant_id) as session:
            await one_at_a_time(session, campaign_id)
            # What is left has to be right: no mark may be open when the verdicts go.
            await counts.refresh(session, tenant_id, campaign_id)
            session.add(
                CampaignArchive(tenant_id=tenant_id, campaign_id=campaign_id, archived_at=now)
            )
            await session.flush()
            await session.execute(FORGET, {"tenant_id": tenant_id, "campaign_id": campaign_id})
    return len(over)


async def _erase_long_gone(
    database: Database, settings: Settings, tenant_id: UUID, now: datetime
) -> int:
    erased = 0
    if settings.retention_left_days is not None:
        period = timedelta(days=settings.retention_left_days)
        async for employee_id in _long_gone(database, tenant_id, now - period):
            async with database.transaction(tenant_id) as session:
                erased += await _erase(session, tenant_id, employee_id, settings, now)
    return erased


# Why a row was rejected stays with its import; what stood in it was kept to be mended.
FORGET_ROWS = text("""
UPDATE import_faults AS fault SET nip_hash = NULL, key_id = NULL, cells = NULL, fields = NULL
FROM imports AS made
WHERE made.tenant_id = :tenant_id AND made.created_at < :until
  AND fault.tenant_id = made.tenant_id AND fault.import_id = made.id
  AND (fault.nip_hash IS NOT NULL OR fault.cells IS NOT NULL OR fault.fields IS NOT NULL)
""")


async def _remove_previews(session: AsyncSession, tenant_id: UUID, now: datetime) -> int:
    removed = await session.scalars(
        delete(Import)
        .where(
            Import.tenant_id == tenant_id,
            # One that never came to an end was cut off, and has written nothing.
            Import.state != ImportState.APPLIED,
            Import.created_at < now - PREVIEWS,
        )
        .returning(Import.id)
    )
    await session.execute(FORGET_ROWS, {"tenant_id": tenant_id, "until": now - PREVIEWS})
    return len(removed.all())


async def _long_gone(database: Database, tenant_id: UUID, until: datetime) -> AsyncIterator[UUID]:
    """All of them, page by page: who is still needed holds up nobody else."""
    where = {"tenant_id": tenant_id, "until": until, "left": sorted(LEFT), "limit": AT_ONCE}
    after = UUID(int=0)
    while True:
        async with database.transaction(tenant_id) as session:
            found = (await session.scalars(LONG_GONE, {**where, "after": after})).all()
        for each in found:
            yield each
        if len(found) < AT_ONCE:
            return
        after = found[-1]


async def _erase(
    session: AsyncSession, tenant_id: UUID, employee_id: UUID, settings: Settings, now: datetime
) -> bool:
    """Whether somebody was erased; who is still needed waits for another night."""
    caller = Caller(tenant_id, OPERATOR, frozenset(Scope), None, now + ACTOR_HOUR)
    days = settings.retention_left_days
    decided = ErasureIn(
        reason=f"Retensi: {days} hari setelah pegawai berhenti",
        legal_reference="UU 27/2022 Pasal 43",
        decided_by="Jadwal retensi",
    )
    try:
        await service.erase(session, caller, employee_id, decided, now=now)
    except service.StillNeeded:
        return False
    return True
