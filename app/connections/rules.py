"""When a token is used, refreshed, waited for or given up, and whose it is; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from app.platforms.base import CredentialsBad, Platform, PlatformError, RateLimited
from app.platforms.oauth import AppRefused, Identity

# A call that begins with the token must also end with it.
MARGIN = timedelta(minutes=5)
# A token of weeks is renewed this long before its end, so that a week of trouble is survived.
AHEAD = timedelta(days=10)
# A refresh token that nobody uses also ends; it is used this long before.
REFRESH_AHEAD = timedelta(days=30)
# Meta and Threads renew no token that is younger than a day.
YOUNGEST = timedelta(hours=24)
RETRY_AFTER = timedelta(minutes=5)
# Each server of these platforms has its own apps, so a custodian makes a token there by hand.
PASTED = frozenset({Platform.MASTODON})


class SubjectKind(StrEnum):
    """Whose token it is: an official account's, or an employee's for a declared account."""

    OFFICIAL_ACCOUNT = "official_account"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is connected."""

    kind: SubjectKind
    id: UUID


class ConnectionState(StrEnum):
    """What is stored of a connection; `refreshing` means that one worker is asking for a pair."""

    CONNECTED = "connected"
    REFRESHING = "refreshing"
    NEEDS_REAUTH = "needs_reauth"


class ShownState(StrEnum):
    """What people are told of a connection."""

    NONE = "none"
    CONNECTED = "connected"
    NEEDS_REAUTH = "needs_reauth"
    EXPIRED = "expired"


class LossReason(StrEnum):
    """Why a connection needs its owner again."""

    GRANT_REFUSED = "grant_refused"
    LOST_ANSWER = "lost_answer"
    LOST_WORKER = "lost_worker"


@dataclass(frozen=True, slots=True)
class Held:
    """A connection as far as the next step depends on it.

    `rotates`: each refresh makes the refresh token before it worthless. `long_lived`: the token
    lives for weeks and buys its own successor.
    """

    state: ConnectionState
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    renewable: bool
    rotates: bool
    long_lived: bool
    renewed_at: datetime
    lease_until: datetime | None = None
    retry_at: datetime | None = None


class Step(StrEnum):
    """What to do with a connection now."""

    USE = "use"
    REFRESH = "refresh"
    WAIT = "wait"
    GIVE_UP = "give_up"
    DO_WITHOUT = "do_without"


def next_step(held: Held, now: datetime, *, ahead: bool = False) -> Step:
    """The next step for whoever needs the token, or (`ahead`) for the job that keeps it alive."""
    match held.state:
        case ConnectionState.NEEDS_REAUTH:
            return Step.DO_WITHOUT
        case ConnectionState.REFRESHING:
            return _while_refreshing(held, now)
        case ConnectionState.CONNECTED:
            return _while_connected(held, now, ahead=ahead)
        case _:
            assert_never(held.state)


def _while_refreshing(held: Held, now: datetime) -> Step:
    if held.lease_until is not None and held.lease_until > now:
        return Step.USE if _valid(held, now) else Step.WAIT
    # The worker is gone, and nobody knows whether its refresh token has been used up.
    if held.rotates:
        return Step.GIVE_UP
    return Step.REFRESH if _may_refresh(held, now) else _old_token(held, now)


def _while_connected(held: Held, now: datetime, *, ahead: bool) -> Step:
    due = _due_ahead(held, now) if ahead else not _valid(held, now + MARGIN)
    patient = held.retry_at is not None and held.retry_at > now
    if due and not patient and _may_refresh(held, now):
        return Step.REFRESH
    return _old_token(held, now)


def _due_ahead(held: Held, now: datetime) -> bool:
    if held.long_lived:
        ends_soon = held.expires_at is not None and held.expires_at - now <= AHEAD
        return ends_soon and now - held.renewed_at >= YOUNGEST
    ends = held.refresh_expires_at
    # A platform that gives short-lived refresh tokens must not be asked at every turn.
    return ends is not None and ends - now <= min(REFRESH_AHEAD, (ends - held.renewed_at) / 2)


def _valid(held: Held, now: datetime) -> bool:
    return held.expires_at is None or held.expires_at > now


def _may_refresh(held: Held, now: datetime) -> bool:
    ends = held.refresh_expires_at
    return held.renewable and (ends is None or ends > now)


def _old_token(held: Held, now: datetime) -> Step:
    return Step.USE if _valid(held, now) else Step.DO_WITHOUT


def shown_state(held: Held | None, now: datetime) -> ShownState:
    """What people are told: `expired` where neither the token nor its renewal is left."""
    if held is None:
        return ShownState.NONE
    if held.state is ConnectionState.NEEDS_REAUTH:
        return ShownState.NEEDS_REAUTH
    alive = _valid(held, now) or _may_refresh(held, now)
    return ShownState.CONNECTED if alive else ShownState.EXPIRED


def ends_at(held: Held) -> datetime | None:
    """When the connection ends unless it is used or renewed; None where no end is known."""
    return held.refresh_expires_at if held.renewable else held.expires_at


class RefreshOutcome(StrEnum):
    """What came of a refresh; also the metric's label."""

    RENEWED = "renewed"
    REFUSED = "refused"
    APP_REFUSED = "app_refused"
    NOT_SENT = "not_sent"
    BUSY = "busy"
    LOST = "lost"


def outcome_of(error: PlatformError, *, may_have_arrived: bool) -> RefreshOutcome:
    """What an error means for the refresh token that was, or was not, sent."""
    match error:
        case AppRefused():
            return RefreshOutcome.APP_REFUSED
        case CredentialsBad():
            return RefreshOutcome.REFUSED
        case RateLimited():
            return RefreshOutcome.BUSY
        case _:
            return RefreshOutcome.LOST if may_have_arrived else RefreshOutcome.NOT_SENT


def loss_after(outcome: RefreshOutcome, *, rotates: bool) -> LossReason | None:
    """Why the connection is lost after a refresh; None where it can go on."""
    match outcome:
        case RefreshOutcome.REFUSED:
            return LossReason.GRANT_REFUSED
        case RefreshOutcome.LOST:
            # The token that was sent may have been used up, and sending it again would tell the
            # platform that it was stolen.
            return LossReason.LOST_ANSWER if rotates else None
        case (
            RefreshOutcome.RENEWED
            | RefreshOutcome.APP_REFUSED
            | RefreshOutcome.NOT_SENT
            | RefreshOutcome.BUSY
        ):
            return None
        case _:
            assert_never(outcome)


def retry_at(error: PlatformError, now: datetime) -> datetime:
    """When a refresh that failed may be tried again."""
    return (
        max(error.retry_at, now + RETRY_AFTER)
        if isinstance(error, RateLimited)
        else (now + RETRY_AFTER)
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """The account that a token must speak for."""

    handle: str
    platform_id: str | None


def matching(wanted: Wanted, found: Sequence[Identity]) -> Identity | None:
    """The one identity that is the wanted account: by its id, or by its handle if no id is known.

    Two that fit are none: it would be a guess.
    """
    fitting = [each for each in found if _same(wanted, each)]
    return fitting[0] if len(fitting) == 1 else None


def _same(wanted: Wanted, found: Identity) -> bool:
    if found.platform_id is not None:
        if wanted.platform_id is not None:
            return wanted.platform_id == found.platform_id
        if wanted.handle == found.platform_id:
            return True
    return found.handle is not None and found.handle.casefold() == wanted.handle.casefold()


def consent_holds(*, connected_at: datetime, declared_at: datetime, retired: bool) -> bool:
    """Whether an employee's consent still belongs to the declared account.

    A corrected handle is another account, and `declared_at` tells when it was last given.
    """
    return not retired and connected_at >= declared_at
