"""What the figures are, from what was read: absent where nothing is known, never 0 for it; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.gauges import kinds
from app.gauges.kinds import Kind

# Figures that are older are told no more: what stands still would look like what does not change.
TOLD_FOR = timedelta(minutes=10)
# So long after its end a campaign is still shown.
SHOWN_AFTER_END = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a gauge, with the values of the labels in the order of its kind."""

    kind: Kind
    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """What is known of one official account; None where nothing was ever seen."""

    id: UUID
    platform: str
    followers: int | None
    observed_at: datetime | None
    listed_at: datetime | None
    latest_list_is_void: bool


def of_accounts(seen: Iterable[AccountSeen]) -> Iterator[Figure]:
    """The counts of official accounts, when they were seen, and how many lists count for nothing.

    A count that is not read any more keeps its value; the moment beside it tells.
    """
    void = 0
    for each in seen:
        labels = (each.platform, str(each.id))
        void += each.latest_list_is_void
        if each.followers is not None and each.observed_at is not None:
            yield Figure(kinds.FOLLOWERS, labels, each.followers)
            yield Figure(kinds.OBSERVED, labels, each.observed_at.timestamp())
        if each.listed_at is not None:
            yield Figure(kinds.LAST_LIST, labels, each.listed_at.timestamp())
    yield Figure(kinds.LISTS_VOID, (), void)


@dataclass(frozen=True, slots=True)
class DutyCounts:
    """How many verdicts of each kind a campaign has about its main duty; of people, nothing."""

    campaign_id: UUID
    duty: str
    met: int
    unmet: int
    unknown: int
    excused: int


def of_campaign(counts: DutyCounts) -> Iterator[Figure]:
    """A campaign's verdicts, the share that is known, and of that the share that is met."""
    labels = (str(counts.campaign_id), counts.duty)
    for verdict in ("met", "unmet", "unknown", "excused"):
        yield Figure(kinds.VERDICTS, (*labels, verdict), getattr(counts, verdict))
    known = counts.met + counts.unmet
    asked = known + counts.unknown
    if asked:
        yield Figure(kinds.KNOWN, labels, known / asked)
    if known:
        yield Figure(kinds.MET, labels, counts.met / known)


def of_judging(judged: Sequence[datetime | None]) -> Iterator[Figure]:
    """When running campaigns were judged; nothing while one of them never was."""
    known = [each for each in judged if each is not None]
    if known and len(known) == len(judged):
        yield Figure(kinds.EVALUATED, (), min(known).timestamp())


def of_registry(employees: int, declared: Mapping[str, int]) -> Iterator[Figure]:
    """How many people there are, and accounts on each platform."""
    yield Figure(kinds.EMPLOYEES, (), employees)
    for platform, accounts in declared.items():
        yield Figure(kinds.DECLARED, (platform,), accounts)


@dataclass(frozen=True, slots=True)
class Credential:
    """A connection of an official account: whether it is lost, and when it ends if ever."""

    platform: str
    lost: bool
    ends_at: datetime | None


def of_credentials(credentials: Sequence[Credential]) -> Iterator[Figure]:
    """When each platform's first connection ends, and how many are lost."""
    ends: dict[str, datetime] = {}
    for each in credentials:
        if not each.lost and each.ends_at is not None:
            ends[each.platform] = min(each.ends_at, ends.get(each.platform, each.ends_at))
    for platform, ends_at in ends.items():
        yield Figure(kinds.CREDENTIAL_EXPIRY, (platform,), ends_at.timestamp())
    yield Figure(kinds.CREDENTIALS_LOST, (), sum(each.lost for each in credentials))


@dataclass(frozen=True, slots=True)
class QueuedJobs:
    """How the jobs of one kind stand; `oldest` is how long the first of the waiting is due."""

    waiting: int
    oldest: timedelta
    dead: int


NO_JOBS = QueuedJobs(0, timedelta(0), 0)


def of_queue(every_kind: Iterable[str], found: Mapping[str, QueuedJobs]) -> Iterator[Figure]:
    """How the queue stands, for each kind of job: one that was not found has none."""
    for kind in every_kind:
        jobs = found.get(kind, NO_JOBS)
        yield Figure(kinds.JOBS_WAITING, (kind,), jobs.waiting)
        yield Figure(kinds.JOBS_OLDEST, (kind,), jobs.oldest.total_seconds())
        yield Figure(kinds.JOBS_DEAD, (kind,), jobs.dead)


def of_polls(due: int, oldest_due_at: datetime | None, now: datetime) -> Iterator[Figure]:
    """How many counts are due, and how late the oldest of them is."""
    late = now - oldest_due_at if oldest_due_at is not None else timedelta(0)
    yield Figure(kinds.POLLS_DUE, (), due)
    yield Figure(kinds.POLL_OLDEST, (), late.total_seconds())


def of_budget(platform: str, credential: str, *, limit: int, remaining: int) -> Figure:
    """What is used of a budget, 0 to 1."""
    used = min(max(limit - remaining, 0), limit)
    return Figure(kinds.BUDGET_USED, (platform, credential), used / limit)


def may_be_told(read_at: datetime | None, now: datetime) -> bool:
    """Whether a government's figures are young enough to be told."""
    return read_at is not None and now - read_at <= TOLD_FOR
