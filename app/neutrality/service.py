"""Declaring election windows and taking them back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import jakarta_day
from app.core.errors import Conflict, FieldError, Invalid
from app.core.ids import new_id
from app.identity.rules import Caller
from app.jobs.kinds import EvaluateTenant
from app.jobs.queue import enqueue
from app.neutrality import queries
from app.neutrality.models import NeutralityWindow
from app.neutrality.queries import PausedAccount
from app.neutrality.rules import Pause
from app.neutrality.schemas import NeutralityWindowIn, PausedOut, WindowWithdrawalIn
from app.official_accounts.models import OfficialAccount


class WindowOver(Invalid):
    """A neutrality window must not lie in the past."""


class WindowWithdrawn(Conflict):
    """This neutrality window has been withdrawn already."""


class OfficialAccountPaused(Conflict):
    """Paused ({reason}) until {until}: no list of it is taken in, and nobody is told of it."""


async def declare(
    session: AsyncSession, caller: Caller, wanted: NeutralityWindowIn, *, now: datetime
) -> NeutralityWindow:
    """Pause every account of a person for the days of a window, from now on.

    Raises:
        WindowOver: it has ended already.
    """
    if wanted.ends_on < jakarta_day(now):
        raise WindowOver(errors=[FieldError("/ends_on", "past", "in the past")])
    window = NeutralityWindow(
        tenant_id=caller.tenant_id,
        id=new_id(),
        declared_at=now,
        declared_by=caller.actor,
        **wanted.model_dump(),
    )
    session.add(window)
    await _tell(session, caller, window, ChangeKind.NEUTRALITY_WINDOW_DECLARED, now)
    return window


async def withdraw(
    session: AsyncSession,
    caller: Caller,
    window_id: UUID,
    wanted: WindowWithdrawalIn,
    *,
    now: datetime,
) -> NeutralityWindow:
    """Take a window back; what it has stopped so far stays undone.

    Raises:
        NotFound: there is none.
        WindowWithdrawn: it was withdrawn before.
    """
    window = await queries.get(session, caller, window_id)
    if window.withdrawn_at is not None:
        raise WindowWithdrawn
    window.withdrawn_at = now
    window.withdrawn_by, window.withdrawn_because = wanted.officer, wanted.reason
    await _tell(session, caller, window, ChangeKind.NEUTRALITY_WINDOW_WITHDRAWN, now)
    return window


async def _tell(
    session: AsyncSession,
    caller: Caller,
    window: NeutralityWindow,
    kind: ChangeKind,
    now: datetime,
) -> None:
    record(
        session,
        kind,
        window.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        starts_on=window.starts_on.isoformat(),
        ends_on=window.ends_on.isoformat(),
    )
    await session.flush()
    await enqueue(session, [EvaluateTenant(caller.tenant_id, cause=f"{kind}:{window.id}")])


async def require_in_duty(
    session: AsyncSession, account: OfficialAccount, *, now: datetime
) -> None:
    """Refuse what must not be done for a paused account.

    Raises:
        OfficialAccountPaused: it is paused today.
    """
    found = await queries.pause_of(session, account, jakarta_day(now))
    if found is not None:
        raise OfficialAccountPaused(reason=found.reason.value, until=_until(found))


def _until(found: Pause) -> str:
    return "further notice" if found.until is None else f"the end of {found.until.isoformat()}"


def shown(account: PausedAccount) -> PausedOut:
    """A paused account as the API names it."""
    return PausedOut(
        official_account_id=account.official_account_id,
        name=account.name,
        platform=account.platform,
        reason=account.pause.reason,
        until=account.pause.until,
    )
