"""Reading notices and disputes; every query of a caller starts at a `visible_…` select."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.queries import ATTESTATION_DUE
from app.campaigns.models import Campaign
from app.compliance.freezing import VerdictKey
from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.disputes.models import Dispute, DisputeDecision, FinalFinding, Notice, NoticeExtension
from app.employees import queries as employees
from app.employees.models import Employee
from app.identity.rules import Caller
from app.official_accounts.models import OfficialAccount
from app.work_units.models import WorkUnit


def visible_notices(caller: Caller) -> Select[Notice]:
    """The notices to the employees whom a caller may see."""
    notices = select(Notice).where(Notice.tenant_id == caller.tenant_id)
    if caller.unit_id is not None:
        seen = employees.visible_to(caller).with_only_columns(Employee.id)
        notices = notices.where(Notice.employee_id.in_(seen))
    return notices


def visible_disputes(caller: Caller) -> Select[Dispute]:
    """The disputes of the employees whom a caller may see."""
    disputes = select(Dispute).where(Dispute.tenant_id == caller.tenant_id)
    if caller.unit_id is not None:
        seen = employees.visible_to(caller).with_only_columns(Employee.id)
        disputes = disputes.where(Dispute.employee_id.in_(seen))
    return disputes


async def notice(session: AsyncSession, caller: Caller, notice_id: UUID) -> Notice:
    """One notice.

    Raises:
        NotFound: there is none, or the caller may not see it.
    """
    found = await session.scalar(visible_notices(caller).where(Notice.id == notice_id))
    if found is None:
        raise NotFound
    return found


async def dispute(session: AsyncSession, caller: Caller, dispute_id: UUID) -> Dispute:
    """One dispute.

    Raises:
        NotFound: there is none, or the caller may not see it.
    """
    found = await session.scalar(visible_disputes(caller).where(Dispute.id == dispute_id))
    if found is None:
        raise NotFound
    return found


async def notices_page(
    session: AsyncSession,
    caller: Caller,
    wanted: PageRequest,
    *,
    campaign_id: UUID | None,
    employee_id: UUID | None,
) -> Sequence[Notice]:
    """One page and one row more, in order of id."""
    notices = visible_notices(caller).order_by(Notice.id).limit(wanted.limit + 1)
    if wanted.after is not None:
        notices = notices.where(Notice.id > wanted.after)
    if campaign_id is not None:
        notices = notices.where(Notice.campaign_id == campaign_id)
    if employee_id is not None:
        notices = notices.where(Notice.employee_id == employee_id)
    return (await session.scalars(notices)).all()


async def disputes_page(
    session: AsyncSession,
    caller: Caller,
    wanted: PageRequest,
    *,
    campaign_id: UUID | None,
    employee_id: UUID | None,
    decided: bool | None,
) -> Sequence[Dispute]:
    """One page and one row more, in order of id."""
    disputes = visible_disputes(caller).order_by(Dispute.id).limit(wanted.limit + 1)
    if wanted.after is not None:
        disputes = disputes.where(Dispute.id > wanted.after)
    if campaign_id is not None:
        disputes = disputes.where(Dispute.campaign_id == campaign_id)
    if employee_id is not None:
        disputes = disputes.where(Dispute.employee_id == employee_id)
    if decided is not None:
        decision = exists().where(
            DisputeDecision.tenant_id == Dispute.tenant_id,
            DisputeDecision.dispute_id == Dispute.id,
        )
        disputes = disputes.where(decision if decided else ~decision)
    return (await session.scalars(disputes)).all()


def _about(
    kept: type[Notice | Dispute], tenant_id: UUID, key: VerdictKey, unmet_since: datetime
) -> tuple[ColumnElement[bool], ...]:
    """What makes a notice or a dispute that of one accusation."""
    return (
        kept.tenant_id == tenant_id,
        kept.campaign_id == key.campaign_id,
        kept.employee_id == key.employee_id,
        kept.duty_id == key.duty_id,
        kept.official_account_id.is_not_distinct_from(key.official_account_id),
        kept.unmet_since == unmet_since,
    )


async def notice_of(
    session: AsyncSession, tenant_id: UUID, key: VerdictKey, unmet_since: datetime
) -> Notice | None:
    """The notice of one accusation."""
    about = _about(Notice, tenant_id, key, unmet_since)
    return await session.scalar(select(Notice).where(*about))


async def dispute_of(
    session: AsyncSession, tenant_id: UUID, key: VerdictKey, unmet_since: datetime
) -> Dispute | None:
    """The dispute of one accusation."""
    about = _about(Dispute, tenant_id, key, unmet_since)
    return await session.scalar(select(Dispute).where(*about))


# The same accounts whose absence counts in `compliance/weighing.py`.
VOUCHED_FOR = text(f"""
SELECT COALESCE(bool_and(
    account.state IN ('verified', 'private') AND account.verified_at IS NOT NULL
    AND account.unseen_since IS NULL
    AND (account.attested_at IS NULL OR {ATTESTATION_DUE} > :now)), false)
FROM accounts AS account
JOIN official_accounts AS official
  ON official.tenant_id = account.tenant_id AND official.platform = account.platform
WHERE account.tenant_id = :tenant_id AND account.employee_id = :employee_id
  AND account.state <> 'retired' AND official.id = :official_account_id
""")  # noqa: S608 - Only the constant of another module is put into the statement.


async def vouched_for(
    session: AsyncSession, tenant_id: UUID, key: VerdictKey, now: datetime
) -> bool:
    """Whether every account that could follow is still one of which an absence says something.

    A verdict may stand that was judged before an attestation lapsed or a check missed the account.
    """
    if key.official_account_id is None:
        return True
    where = {
        "tenant_id": tenant_id,
        "employee_id": key.employee_id,
        "official_account_id": key.official_account_id,
        "now": now,
    }
    return bool(await session.scalar(VOUCHED_FOR, where))


# An answer and what somebody shows are about one of their accounts; a list of an official account
# concerns whoever owes it a follow.
EVIDENCE = text("""
SELECT told.id FROM pair_answers AS told
JOIN accounts AS account ON account.tenant_id = told.tenant_id AND account.id = told.account_id
WHERE told.tenant_id = :tenant_id AND told.id = ANY(CAST(:ids AS uuid[]))
  AND account.employee_id = :employee_id
  AND (CAST(:official_account_id AS uuid) IS NULL
       OR told.official_account_id = :official_account_id)
UNION ALL
SELECT shown.id FROM self_evidence AS shown
JOIN accounts AS account ON account.tenant_id = shown.tenant_id AND account.id = shown.account_id
WHERE shown.tenant_id = :tenant_id AND shown.id = ANY(CAST(:ids AS uuid[]))
  AND account.employee_id = :employee_id
UNION ALL
SELECT list.id FROM follower_lists AS list
WHERE list.tenant_id = :tenant_id AND list.id = ANY(CAST(:ids AS uuid[]))
  AND list.official_account_id = :official_account_id
""")


async def evidence_known(
    session: AsyncSession, tenant_id: UUID, key: VerdictKey, ids: Sequence[UUID]
) -> set[UUID]:
    """Those of some ids that are evidence about this employee and duty."""
    found = await session.scalars(
        EVIDENCE,
        {
            "tenant_id": tenant_id,
            "ids": list(ids),
            "employee_id": key.employee_id,
            "official_account_id": key.official_account_id,
        },
    )
    return set(found)


async def extensions(
    session: AsyncSession, tenant_id: UUID, notice_ids: Sequence[UUID]
) -> Sequence[NoticeExtension]:
    """The extensions of some notices, oldest first."""
    found = await session.scalars(
        select(NoticeExtension)
        .where(NoticeExtension.tenant_id == tenant_id, NoticeExtension.notice_id.in_(notice_ids))
        .order_by(NoticeExtension.id)
    )
    return found.all()


async def findings(
    session: AsyncSession, tenant_id: UUID, notice_ids: Sequence[UUID]
) -> Mapping[UUID, FinalFinding]:
    """The findings of some notices, by notice."""
    found = await session.scalars(
        select(FinalFinding).where(
            FinalFinding.tenant_id == tenant_id, FinalFinding.notice_id.in_(notice_ids)
        )
    )
    return {each.notice_id: each for each in found}


async def replies(
    session: AsyncSession, tenant_id: UUID, notice_ids: Sequence[UUID]
) -> Mapping[UUID, UUID]:
    """The disputes that answered some notices, by notice."""
    rows = await session.execute(
        select(Dispute.notice_id, Dispute.id).where(
            Dispute.tenant_id == tenant_id, Dispute.notice_id.in_(notice_ids)
        )
    )
    return {row.notice_id: row.id for row in rows}


async def names(
    session: AsyncSession, tenant_id: UUID, dispute_ids: Sequence[UUID]
) -> Mapping[UUID, Any]:
    """What people call whatever some disputes are about, by dispute."""
    found = await session.execute(
        select(
            Dispute.id,
            Campaign.title.label("campaign_title"),
            Employee.name.label("employee_name"),
            WorkUnit.name.label("unit_name"),
            OfficialAccount.name.label("official_account_name"),
            OfficialAccount.platform,
        )
        .join(Campaign, _same(Campaign, Dispute.campaign_id))
        .join(Employee, _same(Employee, Dispute.employee_id))
        .join(WorkUnit, _same(WorkUnit, Employee.unit_id))
        .outerjoin(OfficialAccount, _same(OfficialAccount, Dispute.official_account_id))
        .where(Dispute.tenant_id == tenant_id, Dispute.id.in_(dispute_ids))
    )
    return {row.id: row for row in found}


def _same(
    named: type[Campaign | Employee | OfficialAccount | WorkUnit], key: Any
) -> ColumnElement[bool]:
    return and_(named.tenant_id == Dispute.tenant_id, named.id == key)


async def decisions(
    session: AsyncSession, tenant_id: UUID, dispute_ids: Sequence[UUID]
) -> Mapping[UUID, DisputeDecision]:
    """The decisions of some disputes, by dispute."""
    found = await session.scalars(
        select(DisputeDecision).where(
            DisputeDecision.tenant_id == tenant_id, DisputeDecision.dispute_id.in_(dispute_ids)
        )
    )
    return {each.dispute_id: each for each in found}
