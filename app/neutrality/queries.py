"""Which official accounts are paused on a day, and the windows that say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.identity.rules import Caller
from app.neutrality.models import NeutralityWindow
from app.neutrality.rules import Days, Pause, PauseReason, pause, turns
from app.official_accounts.models import OfficialAccount, OwnerKind
from app.platforms.base import Platform


def visible_to(caller: Caller) -> Select[NeutralityWindow]:
    """Windows concern the whole government: every caller of it sees them."""
    return select(NeutralityWindow).where(NeutralityWindow.tenant_id == caller.tenant_id)


async def page(
    session: AsyncSession, caller: Caller, wanted: PageRequest
) -> Sequence[NeutralityWindow]:
    """One page and one row more, in order of id; withdrawn ones too."""
    windows = visible_to(caller).order_by(NeutralityWindow.id).limit(wanted.limit + 1)
    if wanted.after is not None:
        windows = windows.where(NeutralityWindow.id > wanted.after)
    return (await session.scalars(windows)).all()


async def get(session: AsyncSession, caller: Caller, window_id: UUID) -> NeutralityWindow:
    """One window.

    Raises:
        NotFound: there is none in the caller's tenant.
    """
    window = await session.scalar(visible_to(caller).where(NeutralityWindow.id == window_id))
    if window is None:
        raise NotFound
    return window


async def _since(session: AsyncSession, tenant_id: UUID, day: date) -> list[Days]:
    """The windows that are not over on a day."""
    found = await session.execute(
        select(NeutralityWindow.starts_on, NeutralityWindow.ends_on).where(
            NeutralityWindow.tenant_id == tenant_id,
            NeutralityWindow.withdrawn_at.is_(None),
            NeutralityWindow.ends_on >= day,
        )
    )
    return [Days(row.starts_on, row.ends_on) for row in found]


async def pause_of(session: AsyncSession, account: OfficialAccount, day: date) -> Pause | None:
    """Why an account is paused on a day, and until when."""
    windows = await _since(session, account.tenant_id, day)
    return pause(account.owner_kind, account.office_term_end, windows, day)


@dataclass(frozen=True, slots=True)
class PausedAccount:
    """A paused account as answers name it."""

    official_account_id: UUID
    name: str
    platform: Platform
    pause: Pause


async def paused(session: AsyncSession, tenant_id: UUID, day: date) -> list[PausedAccount]:
    """Every official account of a government that is paused on a day, in order of id."""
    windows = await _since(session, tenant_id, day)
    persons = await session.scalars(
        select(OfficialAccount)
        .where(
            OfficialAccount.tenant_id == tenant_id, OfficialAccount.owner_kind == OwnerKind.PERSON
        )
        .order_by(OfficialAccount.id)
    )
    return [
        PausedAccount(each.id, each.name, each.platform, found)
        for each in persons
        if (found := pause(each.owner_kind, each.office_term_end, windows, day)) is not None
    ]


async def platform_is_paused(
    session: AsyncSession, tenant_id: UUID, platform: Platform, day: date
) -> bool:
    """Whether a government watches accounts on a platform, and every one of them is paused.

    Checking declared accounts there would serve nobody but the persons who stand for election.
    """
    windows = await _since(session, tenant_id, day)
    watched = (
        await session.scalars(
            select(OfficialAccount).where(
                OfficialAccount.tenant_id == tenant_id,
                OfficialAccount.platform == platform,
                OfficialAccount.active.is_(True),
            )
        )
    ).all()
    pauses = [pause(each.owner_kind, each.office_term_end, windows, day) for each in watched]
    elections = [each for each in pauses if each and each.reason is PauseReason.NEUTRALITY_WINDOW]
    return bool(elections) and all(each is not None for each in pauses)


async def next_turn(session: AsyncSession, tenant_id: UUID, day: date) -> date | None:
    """The next day at whose start a window begins, or has ended."""
    windows = await _since(session, tenant_id, day)
    return min((each for each in turns(windows) if each > day), default=None)
