"""The rights of a data subject under Law 27/2022 (UU PDP), and until when one is answered; pure."""

from datetime import datetime, timedelta
from enum import StrEnum

# UU PDP, articles 30-33: at the latest 3 x 24 hours after the request was received.
ANSWER_WITHIN = timedelta(hours=72)


class Right(StrEnum):
    """What somebody asks for: UU PDP, articles 5-10 and 13."""

    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"
    OBJECTION = "objection"
    PORTABILITY = "portability"
    RESTRICTION = "restriction"


class RequestOutcome(StrEnum):
    """How a request was answered."""

    GRANTED = "granted"
    REFUSED = "refused"


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    OVERDUE = "overdue"
    ANSWERED = "answered"


def due_at(received_at: datetime) -> datetime:
    """Until when a request must be answered; hours, whatever the calendar says."""
    return received_at + ANSWER_WITHIN


def state_of(answered_at: datetime | None, due: datetime, now: datetime) -> RequestState:
    """Where a request stands at a moment."""
    if answered_at is not None:
        return RequestState.ANSWERED
    return RequestState.OVERDUE if now > due else RequestState.OPEN
