"""Counting requests in windows of five minutes, as Bluesky and Mastodon limit them."""

from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(minutes=5)


class RequestWindow:
    """How many requests are left until the window ends; each platform words that its own way."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._used = 0
        self._ends_at: datetime | None = None

    def spend(self, now: datetime) -> bool:
        """Use up one request; False when none was left."""
        if self._ends_at is None or now >= self._ends_at:
            self._ends_at, self._used = now + WINDOW, 0
        self._used += 1
        return self._used <= self.limit

    @property
    def remaining(self) -> int:
        """The requests that are left."""
        return max(0, self.limit - self._used)

    def ends_at(self, now: datetime) -> datetime:
        """When the next window begins."""
        return self._ends_at or now + WINDOW
