"""Operations on their way out: since when, until when, and what to call instead.

Header fields: `Deprecation` (RFC 9745) and `Sunset` (RFC 8594), on every answer and refusal.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Final

from fastapi import Request

from app.core.web import LIFE_HEADERS

# Whoever calls an operation has so long to move on; docs/api.md promises it.
NOTICE: Final = timedelta(days=180)


class NoticeTooShort(ValueError):
    """An operation is kept for at least 180 days after it was deprecated."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Deprecated:
    """A dependency of such a route: `dependencies=[Depends(Deprecated(...))]`.

    Raises:
        NoticeTooShort: it would be gone before its callers could move on.
    """

    since: date
    until: date
    successor: str | None = None

    def __post_init__(self) -> None:
        if self.until - self.since < NOTICE:
            raise NoticeTooShort

    async def __call__(self, request: Request) -> None:
        request.scope[LIFE_HEADERS] = tuple(
            (name.lower().encode(), value.encode()) for name, value in self.headers().items()
        )

    def headers(self) -> dict[str, str]:
        """What each answer of the operation bears."""
        since = datetime.combine(self.since, time.min, UTC)
        until = datetime.combine(self.until, time.min, UTC)
        told = {
            "Deprecation": f"@{int(since.timestamp())}",
            "Sunset": format_datetime(until, usegmt=True),
        }
        if self.successor is not None:
            told["Link"] = f'<{self.successor}>; rel="successor-version"'
        return told
