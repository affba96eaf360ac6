"""The small protocol that every platform adapter speaks, its results and its error tree.

PlatformError            what a call may end in, and what to do next
  Unavailable            try again later
    ParseFailed          the answer was not understood: an answer, but never a zero
    LoginWall            a page for people came instead of data: blocked, never missing
  RateLimited            try again at `retry_at`
    CreditsExhausted     nothing helps until a person buys credits
  CredentialsBad         a person must renew the credentials
  AccountGone            a fact worth storing: the platform says there is no such account
    AccountSuspended     the platform took the account down
    AccountDeactivated   its owner switched it off
  Ambiguous              the answer has two meanings; the verdict stays unknown
  NotSupported           the platform cannot tell; the verdict stays unknown
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol


class Platform(StrEnum):
    """The platforms an account can be on."""

    BLUESKY = "bluesky"
    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    MASTODON = "mastodon"
    THREADS = "threads"
    TIKTOK = "tiktok"
    X = "x"
    YOUTUBE = "youtube"


class Precision(StrEnum):
    """How a published follower count relates to the true one."""

    EXACT = "exact"
    ROUNDED = "rounded"
    TRUNCATED = "truncated"
    ABBREVIATED = "abbreviated"


@dataclass(frozen=True, slots=True)
class Target:
    """An account to ask about. `platform_id` is None until the platform has told it."""

    handle: str
    platform_id: str | None = None


@dataclass(frozen=True, slots=True)
class CountReading:
    """One reading of a follower count: the true count lies in [followers_min, followers_max].

    `raw` is the platform's own text of the number, `source` names the route it came by
    (for example `bluesky:getProfiles`), `platform_id` the stable id that answered.
    """

    platform_id: str
    handle: str | None
    followers_min: int
    followers_max: int
    raw: str
    precision: Precision
    source: str


class PlatformError(Exception):
    """The platform could not answer."""

    outcome: ClassVar[str] = "error"

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(f"{(self.__doc__ or '').splitlines()[0]} {reason}".strip())


class Unavailable(PlatformError):
    """The platform is unavailable; try again later."""

    outcome = "unavailable"


class ParseFailed(Unavailable):
    """The platform's answer was not understood."""

    outcome = "parse_failed"


class LoginWall(Unavailable):
    """The platform showed a sign-in or challenge page instead of data."""

    outcome = "blocked"


class RateLimited(PlatformError):
    """The platform asks for patience."""

    outcome = "rate_limited"

    def __init__(self, reason: str = "", *, retry_at: datetime) -> None:
        super().__init__(reason)
        self.retry_at = retry_at


class CreditsExhausted(RateLimited):
    """The platform's credits are used up; a person must buy more."""

    outcome = "credits_exhausted"


class CredentialsBad(PlatformError):
    """The platform refuses the credentials; a person must renew them."""

    outcome = "credentials_bad"


class AccountGone(PlatformError):
    """The platform says that there is no such account."""

    outcome = "not_found"


class AccountSuspended(AccountGone):
    """The platform has suspended the account."""

    outcome = "suspended"


class AccountDeactivated(AccountGone):
    """The owner has deactivated the account."""

    outcome = "deactivated"


class Ambiguous(PlatformError):
    """The platform's answer has more than one meaning."""

    outcome = "ambiguous"


class NotSupported(PlatformError):
    """The platform cannot answer this question."""

    outcome = "not_supported"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be known from a platform at all; shown to people in the capability matrix."""

    counts: bool
    batch_size: int
    membership_pairs: bool
    membership_list: bool
    owner_export: bool
    note: str


class Adapter(Protocol):
    """What the collector asks of a platform. Adapters hold no database and no session."""

    platform: ClassVar[Platform]
    capabilities: ClassVar[Capabilities]

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        """One outcome for every target, none left out; raises only when the whole call failed.

        Raises:
            PlatformError: the call as a whole failed, so nothing is known of any target.
        """
        ...
