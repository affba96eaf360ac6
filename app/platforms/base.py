"""The small protocol that every platform adapter speaks, its results and its error tree.

PlatformError            what a call may end in, and what to do next
  Unavailable            try again later
    ParseFailed          the answer was not understood: an answer, but never a zero
    LoginWall            a page for people came instead of data: blocked, never missing
  RateLimited            try again at `retry_at`
    CreditsExhausted     nothing helps until a person buys credits
  CredentialsBad         a person must renew the credentials
    TokenRefused         an account's own token is worthless from now on
    OtherAccount         a token is good, but not the account's
  AccountGone            a fact worth storing: the platform says there is no such account
    AccountSuspended     the platform took the account down
    AccountDeactivated   its owner switched it off
  Ambiguous              the answer has two meanings; the verdict stays unknown
  NotSupported           the platform cannot tell; the verdict stays unknown
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


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
    """An account to ask about.

    `platform_id` is None until the platform has told it. `access_token` is the account's own
    OAuth token, where its owner has connected it. `scoped_id` is the id that a platform made for
    this person towards one official account (Instagram's IGSID).
    """

    handle: str
    platform_id: str | None = None
    access_token: str | None = field(default=None, repr=False)
    scoped_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CountReading:
    """One reading of a follower count: the true count lies in [followers_min, followers_max].

    `raw` is the platform's own text of the number, `source` names the route it came by
    (for example `bluesky:getProfiles`), `platform_id` the stable id that answered; None where
    the route numbers accounts in a way of its own.
    """

    platform_id: str | None
    handle: str | None
    followers_min: int
    followers_max: int
    raw: str
    precision: Precision
    source: str


class ExistenceState(StrEnum):
    """What a platform says of a declared account."""

    EXISTS = "exists"
    MISSING = "missing"
    PRIVATE = "private"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"
    AMBIGUOUS = "ambiguous"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Existence:
    """Whether an account is there; `platform_id` and `handle` as the platform told them."""

    state: ExistenceState
    source: str
    platform_id: str | None = None
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class PairReading:
    """A platform's yes or no to "does this account follow that one?".

    `blocked` says that one of the two has blocked the other, so that a no is not a choice.
    """

    follows: bool
    source: str
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Follower:
    """One entry of a follower list: a stable id, a handle, or both."""

    platform_id: str | None
    handle: str | None


@dataclass(frozen=True, slots=True)
class FollowerPage:
    """One page of a follower list, in the platform's order."""

    followers: Sequence[Follower]
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


class TokenRefused(CredentialsBad):
    """The platform no longer accepts the account's own token."""

    outcome = "token_refused"


class OtherAccount(CredentialsBad):
    """The token speaks for another account."""

    outcome = "other_account"


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


def existence_after(error: PlatformError, source: str) -> Existence | PlatformError:
    """The fact about an account that an error stands for, or the error itself where it is none."""
    match error:
        case AccountSuspended():
            return Existence(ExistenceState.SUSPENDED, source)
        case AccountDeactivated():
            return Existence(ExistenceState.DEACTIVATED, source)
        case AccountGone():
            return Existence(ExistenceState.MISSING, source)
        case Ambiguous():
            return Existence(ExistenceState.AMBIGUOUS, source)
        case LoginWall():
            return Existence(ExistenceState.BLOCKED, source)
        case _:
            return error


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What can be known from a platform at all; shown to people in the capability matrix.

    `batch_size`, `existence_batch` and `pair_batch` are how many accounts one request may name.
    `counts_use_token` says that an account's own OAuth token opens a further route to its count.
    `..._needs_token` say that the official account's own OAuth token is needed;
    `pairs_need_consent` that each person must lend theirs, `pairs_need_scoped_id` that each must
    have written to the official account, which is their consent.
    """

    note: str
    counts: bool = False
    batch_size: int = 1
    counts_need_token: bool = False
    counts_use_token: bool = False
    existence: bool = False
    existence_batch: int = 1
    membership_pairs: bool = False
    pair_batch: int = 1
    pairs_need_token: bool = False
    pairs_need_consent: bool = False
    pairs_need_scoped_id: bool = False
    membership_list: bool = False
    list_needs_token: bool = False
    owner_export: bool = False


class Adapter:
    """What the collector asks of a platform; a question that it cannot answer is NotSupported.

    Adapters hold no database and no session. A mapping answers every target, none left out; a
    PlatformError that is raised means that the call as a whole failed.
    """

    platform: ClassVar[Platform]
    capabilities: ClassVar[Capabilities]

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        """The follower count of each target."""
        return dict.fromkeys(targets, NotSupported("counts"))

    async def existence(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, Existence | PlatformError]:
        """Whether each target is there."""
        return dict.fromkeys(targets, NotSupported("existence"))

    async def follows(
        self, official: Target, others: Sequence[Target]
    ) -> Mapping[Target, PairReading | PlatformError]:
        """Whether each of the others follows the official account."""
        del official
        return dict.fromkeys(others, NotSupported("pairs"))

    async def scoped_ids(self, official: Target) -> AsyncIterator[Mapping[str, str]]:
        """Who has written to the official account, page by page: scoped ids by handle.

        It tells only whom the platform answers about; whoever is missing is no negative.

        Raises:
            PlatformError: the conversations cannot be read to their end.
        """
        del official
        raise NotSupported("scoped ids")
        yield  # The body must be a generator, as the adapters' are.

    async def followers(self, official: Target) -> AsyncIterator[FollowerPage]:
        """The pages of the official account's follower list.

        The iteration ends without an error only at the platform's own end of the list.

        Raises:
            PlatformError: the list cannot be read to its end, is hidden, or goes round in circles.
        """
        del official
        raise NotSupported("list")
        yield  # The body must be a generator, as the adapters' are.
