"""Asking about the past: tables as they were known, and what is hidden today stays hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import jakarta_day
from app.core.db import look_back
from app.core.errors import FieldError, NotFound
from app.core.moments import Moments, NotRecordedThen
from app.identity.rules import Caller
from app.neutrality import queries as neutrality
from app.neutrality.queries import PausedAccount
from app.neutrality.rules import PauseReason

# What an accusation is about: campaign, employee, and the official account or else the duty.
About = tuple[UUID, UUID, UUID]
Subject = Literal["campaigns", "employees", "official_accounts"]
FIRST_KNOWN = {
    subject: text(f"""
SELECT min(known_from) FROM (
    SELECT tenant_id, id, known_from FROM {subject}
    UNION ALL SELECT tenant_id, id, known_from FROM {subject}_past
) AS version WHERE tenant_id = :tenant_id AND id = :id
""")  # noqa: S608 - Only the names of three tables are put into the statement.
    for subject in ("campaigns", "employees", "official_accounts")
}


@dataclass(frozen=True, slots=True)
class Past:
    """What a transaction looks back at, and what of today keeps people from being named for it.

    `lifted` are the accusations that are disputed today (true) or were set aside after `valid_at`.
    """

    valid_at: datetime
    known_at: datetime
    anew: bool
    in_windows_today: Sequence[PausedAccount]
    lifted: Mapping[About, bool] = field(default_factory=dict)


async def enter_past(
    session: AsyncSession,
    caller: Caller,
    moments: Moments,
    subjects: Mapping[Subject, UUID],
    *,
    now: datetime,
) -> Past:
    """Turn the rest of a transaction to a moment at which all that it is about is on record.

    Raises:
        NotFound: something of it does not exist in the caller's tenant.
        NotRecordedThen: something was recorded later, or before versions were kept.
    """
    for subject, subject_id in subjects.items():
        where = {"tenant_id": caller.tenant_id, "id": subject_id}
        since: datetime | None = await session.scalar(FIRST_KNOWN[subject], where)
        if since is None:
            raise NotFound
        if since > moments.valid_at:
            asked = "valid_at" if moments.anew else "known_at"
            fault = FieldError(f"/query/{asked}", "unrecorded", f"not before {since.isoformat()}")
            raise NotRecordedThen(since=since.isoformat(), errors=[fault])
    paused = await neutrality.paused(session, caller.tenant_id, jakarta_day(now))
    await look_back(session, moments.known_at, moments.valid_at if moments.anew else None)
    return Past(
        moments.valid_at,
        moments.known_at,
        moments.anew,
        [each for each in paused if each.pause.reason is PauseReason.NEUTRALITY_WINDOW],
    )


async def hidden(
    session: AsyncSession, tenant_id: UUID, now: datetime, past: Past | None
) -> list[PausedAccount]:
    """The accounts of which nothing is told as of `now`, and those in an election window today.

    Nobody shall look around a window by asking about the week before it.
    """
    found = await neutrality.paused(session, tenant_id, jakarta_day(now))
    if past is None:
        return found
    there = {each.official_account_id for each in found}
    today = [each for each in past.in_windows_today if each.official_account_id not in there]
    return sorted([*found, *today], key=lambda each: each.official_account_id)
