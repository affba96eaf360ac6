"""When an officer may decide about somebody, and when not yet; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.compliance.rules import Verdict

# Plain hours: neither nights nor weekends nor time zones shorten them.
REPLY_TIME = timedelta(hours=3 * 24)
# What somebody says against a verdict asks for a correction: UU PDP, article 30, gives as long.
DECIDE_WITHIN = timedelta(hours=3 * 24)


class NoticeChannel(StrEnum):
    """How the office told somebody."""

    EMAIL = "email"
    IN_PERSON = "in_person"
    LETTER = "letter"
    TELEPHONE = "telephone"
    WHATSAPP = "whatsapp"


class DisputeOutcome(StrEnum):
    """What an officer decided of a dispute: the employee was right, or the verdict is judged on."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"


class Obstacle(StrEnum):
    """Why there can be no finding."""

    FOUND_ALREADY = "found_already"
    DISPUTE_OPEN = "dispute_open"
    NO_LONGER_UNMET = "no_longer_unmet"
    EXCUSED = "excused"
    REPLY_TIME_RUNS = "reply_time_runs"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a verdict is now; `unmet_since` tells one accusation from a later one."""

    verdict: Verdict
    disputed: bool
    excused: bool
    unmet_since: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """A notice: of which accusation, until when it may be answered, and what came of it."""

    unmet_since: datetime
    reply_until: datetime
    replied: bool
    found: bool


def reply_until(recorded_at: datetime, extensions: Iterable[datetime] = ()) -> datetime:
    """Until when a notice may be answered; an extension never shortens it.

    It runs from when the notice was written down: one that was recorded late gives more time.
    """
    return max([recorded_at + REPLY_TIME, *extensions])


def decision_due(filed_at: datetime) -> datetime:
    """Until when a dispute should be decided; late or not, the verdict stays held until it is."""
    return filed_at + DECIDE_WITHIN


def accused(standing: Standing | None) -> bool:
    """Whether there is anything that somebody could be told of, or could dispute."""
    return (
        standing is not None
        and standing.verdict is Verdict.UNMET
        and not standing.disputed
        and not standing.excused
    )


def obstacle(told: Told, standing: Standing | None, *, now: datetime) -> Obstacle | None:
    """What stands in the way of a finding; None when an officer may decide.

    What the person was told of must still be so without a break, and they must have answered or
    have had the whole time to answer.
    """
    if told.found:
        return Obstacle.FOUND_ALREADY
    if standing is not None and standing.disputed:
        return Obstacle.DISPUTE_OPEN
    if (
        standing is None
        or standing.verdict is not Verdict.UNMET
        or standing.unmet_since != told.unmet_since
    ):
        return Obstacle.NO_LONGER_UNMET
    if standing.excused:
        return Obstacle.EXCUSED
    if not told.replied and now < told.reply_until:
        return Obstacle.REPLY_TIME_RUNS
    return None
