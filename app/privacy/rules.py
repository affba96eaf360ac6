"""When somebody may be erased; pure."""

from dataclasses import dataclass
from enum import StrEnum

from app.employees.rules import Standing

LEFT = frozenset({Standing.RETIRED, Standing.DISMISSED, Standing.LEFT})


class Obstacle(StrEnum):
    """Why what is kept of somebody is still needed."""

    STILL_AT_WORK = "still_at_work"
    IN_RUNNING_CAMPAIGN = "in_running_campaign"
    DISPUTE_UNDECIDED = "dispute_undecided"
    NOTICE_UNANSWERED = "notice_unanswered"


@dataclass(frozen=True, slots=True)
class Involvement:
    """What an employee still stands in."""

    standing: Standing
    running_campaigns: int
    undecided_disputes: int
    unanswered_notices: int


def obstacles(found: Involvement) -> list[Obstacle]:
    """Everything that stands against erasing somebody now; nothing: it may be done."""
    return [
        obstacle
        for obstacle, stands in (
            (Obstacle.STILL_AT_WORK, found.standing not in LEFT),
            (Obstacle.IN_RUNNING_CAMPAIGN, found.running_campaigns > 0),
            (Obstacle.DISPUTE_UNDECIDED, found.undecided_disputes > 0),
            (Obstacle.NOTICE_UNANSWERED, found.unanswered_notices > 0),
        )
        if stands
    ]
