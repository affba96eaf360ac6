"""What is left of each platform's budgets, and which platforms are left alone for a while.

Both tables belong to the installation, not to a tenant, and hold no personal data: a credential
and a host that a person chose are digests. Only the coordinating role may touch them.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, closed_set
from app.platforms.base import Platform


class Pause(StrEnum):
    """Why a budget is closed until a moment."""

    RATE_LIMITED = "rate_limited"
    USAGE = "usage"
    CREDITS_EXHAUSTED = "credits_exhausted"


class PlatformBudget(Base):
    """One budget: of an app, of public pages, or of one credential, with one host or platform.

    `busy_until` is when all that was drawn so far will have come round again at the budget's
    pace. `left_in_window` is what the platform, or a daily quota, leaves until `window_ends_at`.
    """

    __tablename__ = "platform_budgets"
    __table_args__ = (
        CheckConstraint("left_in_window >= 0", name="nothing_is_drawn_that_is_not_left"),
        CheckConstraint(
            "(left_in_window IS NULL) = (window_ends_at IS NULL)", name="windows_have_an_end"
        ),
        CheckConstraint("(pause IS NULL) = (paused_until IS NULL)", name="pauses_have_an_end"),
    )

    platform: Mapped[Platform] = mapped_column(
        closed_set(Platform, "budget_platform_is_known"), primary_key=True
    )
    host: Mapped[str] = mapped_column(Text, primary_key=True)
    credential: Mapped[str] = mapped_column(Text, primary_key=True)
    busy_until: Mapped[datetime]
    left_in_window: Mapped[int | None] = mapped_column(BigInteger)
    window_ends_at: Mapped[datetime | None]
    pause: Mapped[Pause | None] = mapped_column(closed_set(Pause, "pause_is_known"))
    paused_until: Mapped[datetime | None]
    drawn_at: Mapped[datetime]


class PlatformBreaker(Base):
    """Failures in a row at one door of a platform: its API, its pages, or one chosen host.

    A door without a row is closed in the electrical sense: requests flow.
    """

    __tablename__ = "platform_breakers"
    __table_args__ = (
        CheckConstraint("failures > 0", name="a_breaker_counts_failures"),
        CheckConstraint(
            "(openings > 0) = (retry_at IS NOT NULL)", name="open_breakers_are_retried"
        ),
    )

    platform: Mapped[Platform] = mapped_column(
        closed_set(Platform, "breaker_platform_is_known"), primary_key=True
    )
    door: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int]
    failed_at: Mapped[datetime]
    openings: Mapped[int]
    opened_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    probing: Mapped[bool]
