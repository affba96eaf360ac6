"""What `/v1/platforms` answers: what can be known, and whether it is being asked."""

from datetime import datetime

from app.budgets.rules import BreakerState, BudgetState
from app.core.schemas import Out


class BreakerOut(Out):
    """Whether a platform is left alone; the worse of its API and its pages.

    `open_hosts` counts hosts that people chose and that are left alone, each for itself.
    """

    state: BreakerState
    since: datetime | None
    retry_at: datetime | None
    open_hosts: int


class BudgetOut(Out):
    """How the budgets of one kind of credential stand: the tightest of so many `lanes`.

    `credential` is `app`, `pages`, `account` or `host`; never whose.
    """

    credential: str
    lanes: int
    limit: int
    window_seconds: int
    remaining: int
    resets_at: datetime | None
    state: BudgetState
    until: datetime | None


class CapabilitiesOut(Out):
    """What can be known from a platform at all."""

    counts: bool
    batch_size: int
    counts_need_token: bool
    counts_use_token: bool
    existence: bool
    existence_batch: int
    membership_pairs: bool
    pair_batch: int
    pairs_need_token: bool
    pairs_need_consent: bool
    pairs_need_scoped_id: bool
    membership_list: bool
    list_needs_token: bool
    owner_export: bool
    note: str


class PlatformOut(CapabilitiesOut):
    """One platform: what can be known, what is set up, what is left, and what is wrong."""

    platform: str
    pages: bool
    configured: bool
    missing_settings: list[str]
    breaker: BreakerOut
    budgets: list[BudgetOut]


class PlatformList(Out):
    """All platforms."""

    items: list[PlatformOut]
