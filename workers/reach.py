"""What a job may reach beyond the database: the platforms, and the tokens that were given to us."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from app.platforms.base import (
    Adapter,
    CreditsExhausted,
    Platform,
    PlatformError,
    RateLimited,
    Unavailable,
)

TokenOf = Callable[[UUID, UUID], Awaitable[str | None]]
Refused = Callable[[UUID, UUID, str], Awaitable[None]]
Answer = TypeVar("Answer")
REASON_SHOWN = 200
# One question about a batch, or for one page of a list; far above what a single call may take.
ASK_WITHIN = timedelta(minutes=5)


async def no_token(_: UUID, __: UUID) -> str | None:
    """Nobody has connected anything."""
    return None


async def nobody_to_tell(_: UUID, __: UUID, ___: str) -> None:
    """Nothing is kept that a refusal would change."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The adapters of this process, and the ways to tokens, each by tenant and account.

    Those that are `patient` wait for their turn rather than be refused, for long walks.

    `token_of` gives the token of a connected official account, `consent_of` that of a declared
    account whose owner lets us ask in their name; None where there is none. `refused` is told of
    an official account's token that its platform does not accept any more.
    """

    adapters: Mapping[Platform, Adapter] = field(default_factory=dict)
    patient: Mapping[Platform, Adapter] = field(default_factory=dict)
    token_of: TokenOf = no_token
    consent_of: TokenOf = no_token
    refused: Refused = nobody_to_tell


NOTHING = Reach()


async def within(limit: timedelta, answer: Awaitable[Answer]) -> Answer:
    """An answer, if it comes in time.

    Raises:
        Unavailable: it did not.
    """
    try:
        async with asyncio.timeout(limit.total_seconds()):
            return await answer
    except TimeoutError as late:
        raise Unavailable("the deadline passed") from late


def slot_from(name: str) -> datetime:
    """The slot that a job names."""
    return datetime.fromisoformat(name).astimezone(UTC)


def retry_at(error: PlatformError) -> datetime | None:
    """When the platform wants to be asked again, where it said so."""
    return error.retry_at if isinstance(error, RateLimited) else None


def resumes_at(error: PlatformError, *, before: datetime) -> datetime | None:
    """When a run should go on by itself; None where the next round comes first.

    Where credits have run out, none: a person must act before anything can go on.
    """
    if isinstance(error, CreditsExhausted):
        return None
    moment = retry_at(error)
    return moment if moment is not None and moment < before else None
