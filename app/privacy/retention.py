"""What is kept of people, table by table, until when, and what takes it away.

Every table of the service stands in exactly one class; a new one fails a test until it does.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import Clock
from app.core.db import Database
from app.exchange.models import Import, ImportState
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.privacy import service
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
        "excuses", "extensions", "findings", "notice_extensions", "self_evidence",
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
        "platform_budgets", "sign_in_links", "web_sessions",
    }),
    Class.PREVIEW: frozenset({"import_faults", "import_rows", "imports"}),
    Class.TRAIL: frozenset({"audit_entries", "audit_heads", "changes"}),
    Class.OFFICIAL: frozenset({"api_keys", "breaches", "reminder_plans"}),
    Class.NOBODY: frozenset({
        "campaign_official_accounts", "campaigns", "count_snapshots", "due_polls", "duties",
        "follower_lists", "long_transactions", "neutrality_windows", "official_accounts",
        "poll_runs", "reports", "tenants", "verdict_counts", "verdict_people", "verdict_tallies",
        "work_units",
    }),
}  # fmt: skip
# Who had left by then and has not come back since; the pasts know since when.
LONG_GONE = text("""
SELECT person.id FROM employees AS person
WHERE person.tenant_id = :tenant_id AND person.standing = ANY(:left)
  AND NOT EXISTS (SELECT 1 FROM erasures AS erased
                  WHERE erased.tenant_id = person.tenant_id AND erased.employee_id = person.id)
  AND (person.known_from <= :until OR EXISTS (
      SELECT 1 FROM employees_past AS was
      WHERE was.tenant_id = person.tenant_id AND was.id = person.id
        AND was.known_from <= :until AND was.known_to > :until AND was.standing = ANY(:left)))
ORDER BY person.id LIMIT :limit
""")


async def apply(
    database: Database, settings: Settings, clock: Clock, tenant_id: UUID
) -> tuple[int, int]:
    """How many people were erased, and how many previews removed; it can run twice."""
    now = clock.now()
    async with database.transaction(tenant_id) as session:
        previews = await _remove_previews(session, tenant_id, now)
    erased = 0
    if settings.retention_left_days is not None:
        period = timedelta(days=settings.retention_left_days)
        async with database.transaction(tenant_id) as session:
            gone = await _long_gone(session, tenant_id, now - period)
        for employee_id in gone:
            async with database.transaction(tenant_id) as session:
                erased += await _erase(session, tenant_id, employee_id, settings, now)
    if erased or previews:
        async with database.transaction(tenant_id) as session:
            record(
                session,
                ChangeKind.RETENTION_APPLIED,
                tenant_id,
                tenant_id=tenant_id,
                actor="worker:retention",
                at=now,
                erased=erased,
                previews=previews,
            )
    return erased, previews


async def _remove_previews(session: AsyncSession, tenant_id: UUID, now: datetime) -> int:
    removed = await session.scalars(
        delete(Import)
        .where(
            Import.tenant_id == tenant_id,
            Import.state == ImportState.PREVIEWED,
            Import.created_at < now - PREVIEWS,
        )
        .returning(Import.id)
    )
    return len(removed.all())


async def _long_gone(session: AsyncSession, tenant_id: UUID, until: datetime) -> Sequence[UUID]:
    where = {"tenant_id": tenant_id, "until": until, "left": sorted(LEFT), "limit": AT_ONCE}
    return (await session.scalars(LONG_GONE, where)).all()


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
