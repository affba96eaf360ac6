"""Recognising an account by what somebody has pasted; nothing is fetched and nothing is kept."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import FieldError, Invalid
from app.platforms.base import Platform
from app.platforms.handles import HandleRefused, NormalizedAccount, normalize
from app.public import queries
from app.public.rules import NOTES, Finding, is_current
from app.public.schemas import OwnerOut, VerifiedOut


class AddressRefused(Invalid):
    """The text does not name one account on social media."""


def recognised(pasted: str, platform: Platform | None) -> NormalizedAccount:
    """The account that a pasted text names.

    Raises:
        AddressRefused: it names none, or not one alone.
    """
    try:
        return normalize(pasted, platform)
    except HandleRefused as refusal:
        fault = FieldError("/query/url", refusal.code, str(refusal))
        raise AddressRefused(errors=[fault]) from refusal


async def verify(session: AsyncSession, wanted: NormalizedAccount, today: date) -> VerifiedOut:
    """Whose official account it is today, if anybody's."""
    owners = [
        OwnerOut(government=row.government, account_name=row.name)
        for row in await queries.registered(session, wanted)
        if is_current(row.office_term_start, row.office_term_end, today)
    ]
    finding = Finding.OFFICIAL if owners else Finding.NOT_REGISTERED
    return VerifiedOut(
        platform=wanted.platform, finding=finding, owners=owners, note=NOTES[finding]
    )
