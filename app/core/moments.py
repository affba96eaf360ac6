"""Two moments of every answer: of when it is true, and from when it is known."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import Field

from app.core.errors import FieldError, Invalid
from app.core.schemas import Moment, forget_bounds
from app.core.services import ServicesDep

VALID_AT = "What was true then, judged anew by what was known at known_at"
KNOWN_AT = "What was known then: the answer that was given at that moment"
# Nothing of the service is older.
PastMoment = Annotated[
    Moment, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), json_schema_extra=forget_bounds)
]


class NotYet(Invalid):
    """known_at must not lie in the future, nor valid_at after known_at."""


class NotRecordedThen(Invalid):
    """Nothing of this is on record before {since}; ask for that moment or a later one."""


@dataclass(frozen=True, slots=True)
class Moments:
    """`valid_at` is never after `known_at`, nor that after now; both are now where nobody asks.

    With `anew` verdicts are judged for `valid_at`; without, they are those that stood then.
    """

    valid_at: datetime
    known_at: datetime
    past: bool
    anew: bool


def moments_of(valid_at: datetime | None, known_at: datetime | None, *, now: datetime) -> Moments:
    """What a question asks about.

    Raises:
        NotYet: of a future, or of what was not known by then.
    """
    known = now if known_at is None else known_at.astimezone(UTC)
    valid = known if valid_at is None else valid_at.astimezone(UTC)
    if known > now:
        raise NotYet(errors=[FieldError("/query/known_at", "future", "at most the present")])
    if valid > known:
        message = "at most known_at, which is the present where it is left out"
        raise NotYet(errors=[FieldError("/query/valid_at", "future", message)])
    return Moments(
        valid,
        known,
        past=valid_at is not None or known_at is not None,
        anew=valid_at is not None,
    )


async def asked_moments(
    services: ServicesDep,
    valid_at: Annotated[PastMoment | None, Query(description=VALID_AT)] = None,
    known_at: Annotated[PastMoment | None, Query(description=KNOWN_AT)] = None,
) -> Moments:
    return moments_of(valid_at, known_at, now=services.clock.now())


MomentsDep = Annotated[Moments, Depends(asked_moments)]
