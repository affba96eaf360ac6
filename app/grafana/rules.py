"""How finely a series is told, and which alerts there are; pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.gauges.rules import AccountSeen

# A range of so long is told in steps of so long.
STEPS: Final = (
    (timedelta(days=3), timedelta(minutes=15)),
    (timedelta(days=14), timedelta(hours=1)),
    (timedelta.max, timedelta(days=1)),
)
# The same limits as in prometheus/rules.yml; a test compares the two.
COUNT_STALE_AFTER: Final = timedelta(hours=6)
LIST_STALE_AFTER: Final = timedelta(days=20)
EXPIRING_WITHIN: Final = timedelta(days=7)
JUDGED_WITHIN: Final = timedelta(hours=1)
LOW_COVERAGE: Final = 0.5


def step_of(length: timedelta) -> timedelta:
    """The step in which a range is told whose reader has not chosen one."""
    return next(step for longest, step in STEPS if length <= longest)


class Alert(StrEnum):
    """What an alert can be about."""

    COUNT_STALE = "count_stale"
    LIST_STALE = "list_stale"
    LIST_VOID = "list_void"
    CONNECTION_LOST = "connection_lost"
    CONNECTION_EXPIRING = "connection_expiring"
    CAMPAIGN_NOT_JUDGED = "campaign_not_judged"
    COVERAGE_LOW = "coverage_low"


class SubjectKind(StrEnum):
    """What an alert points at."""

    OFFICIAL_ACCOUNT = "official_account"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True)
class Watched:
    """Whether one alert fires for one subject; an alert about what is not known is left out."""

    alert: Alert
    subject_kind: SubjectKind
    subject_id: UUID
    firing: bool


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """One connection of an official account: whether it is lost, and when it ends if ever."""

    official_account_id: UUID
    lost: bool
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class CampaignState:
    """One running campaign; `known` is null where the numbers would tell of few people."""

    id: UUID
    judged_at: datetime | None
    known: float | None


def of_accounts(states: Iterable[AccountSeen], now: datetime) -> Iterator[Watched]:
    """Alerts of official accounts; one that was never read is as stale as can be."""
    kind = SubjectKind.OFFICIAL_ACCOUNT
    for each in states:
        stale = each.observed_at is None or now - each.observed_at > COUNT_STALE_AFTER
        yield Watched(Alert.COUNT_STALE, kind, each.id, stale)
        if each.listed_at is not None:
            old = now - each.listed_at > LIST_STALE_AFTER
            yield Watched(Alert.LIST_STALE, kind, each.id, old)
        yield Watched(Alert.LIST_VOID, kind, each.id, each.latest_list_is_void)


def of_connections(states: Iterable[ConnectionState], now: datetime) -> Iterator[Watched]:
    """Alerts of connections: one row for each official account that was ever connected."""
    kind = SubjectKind.OFFICIAL_ACCOUNT
    lost: dict[UUID, bool] = {}
    expiring: dict[UUID, bool] = {}
    for each in states:
        ends_soon = each.ends_at is not None and each.ends_at - now < EXPIRING_WITHIN
        told = each.official_account_id
        lost[told] = lost.get(told, False) or each.lost
        expiring[told] = expiring.get(told, False) or (ends_soon and not each.lost)
    for told, firing in lost.items():
        yield Watched(Alert.CONNECTION_LOST, kind, told, firing)
        yield Watched(Alert.CONNECTION_EXPIRING, kind, told, expiring[told])


def of_campaigns(states: Iterable[CampaignState], now: datetime) -> Iterator[Watched]:
    """Alerts of running campaigns."""
    kind = SubjectKind.CAMPAIGN
    for each in states:
        late = each.judged_at is None or now - each.judged_at > JUDGED_WITHIN
        yield Watched(Alert.CAMPAIGN_NOT_JUDGED, kind, each.id, late)
        if each.known is not None:
            yield Watched(Alert.COVERAGE_LOW, kind, each.id, each.known < LOW_COVERAGE)


def known_share(counts: Mapping[str, int]) -> float | None:
    """Of the verdicts that are not excused, the share that is known; None where there are none."""
    known = counts["met"] + counts["unmet"]
    asked = known + counts["unknown"] + counts["disputed"]
    return known / asked if asked else None


def met_share(counts: Mapping[str, int]) -> float | None:
    """Of the verdicts that are known, the share that is met; None where none is known."""
    known = counts["met"] + counts["unmet"]
    return counts["met"] / known if known else None
