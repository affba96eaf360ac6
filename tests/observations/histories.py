"""Random histories of lists, answers and own exports, and what a plain reading makes of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from app.observations.rules import CertificateVerdict, EvidenceKind, PairAnswer
from tests.support import NOW

# As `invent` numbers them; the last one's platform id is not known.
ACCOUNTS = (UUID(int=1), UUID(int=2), UUID(int=3))
WITHOUT_ID = ACCOUNTS[-1]


@dataclass(frozen=True)
class ListEvent:
    """A list, whom it holds, and whether it was matched when the accounts were declared already."""

    number: int
    minute: int
    certificate: CertificateVerdict
    of_ids: bool
    knew_them: bool
    holds: tuple[tuple[UUID, datetime | None], ...]

    @property
    def id(self) -> UUID:
        return UUID(int=0x7000 + self.number)

    @property
    def at(self) -> datetime:
        return NOW + timedelta(minutes=self.minute)

    def could_hold(self, account_id: UUID) -> bool:
        return self.knew_them and not (self.of_ids and account_id == WITHOUT_ID)


@dataclass(frozen=True)
class AnswersEvent:
    """The answers of one batch."""

    number: int
    minute: int
    told: tuple[tuple[UUID, PairAnswer], ...]

    @property
    def slot(self) -> datetime:
        return NOW + timedelta(days=self.number)

    @property
    def at(self) -> datetime:
        return NOW + timedelta(minutes=self.minute)


@dataclass(frozen=True)
class ShownEvent:
    """The own export of one account, with the platform's date of the follow."""

    number: int
    minute: int
    account_id: UUID
    began: datetime

    @property
    def at(self) -> datetime:
        return NOW + timedelta(minutes=self.minute)


Event = ListEvent | AnswersEvent | ShownEvent
MINUTES = st.integers(0, 6)
BEGAN = st.one_of(st.none(), st.integers(1, 3).map(lambda days: NOW - timedelta(days=days)))


@st.composite
def list_events(draw: st.DrawFn, number: int) -> ListEvent:
    certificate = draw(st.sampled_from(CertificateVerdict))
    knew_them = draw(st.integers(0, 4)) > 0
    holds = draw(st.lists(st.sampled_from(ACCOUNTS), unique=True)) if knew_them else []
    return ListEvent(
        number,
        draw(MINUTES),
        certificate,
        draw(st.booleans()),
        knew_them,
        tuple((each, draw(BEGAN)) for each in holds),
    )


@st.composite
def answer_events(draw: st.DrawFn, number: int) -> AnswersEvent:
    about = draw(st.lists(st.sampled_from(ACCOUNTS), unique=True, min_size=1))
    likely = (PairAnswer.FOLLOWS, PairAnswer.DOES_NOT_FOLLOW, *PairAnswer)
    told = tuple((each, draw(st.sampled_from(likely))) for each in about)
    return AnswersEvent(number, draw(MINUTES), told)


@st.composite
def shown_events(draw: st.DrawFn, number: int) -> ShownEvent:
    began = NOW - timedelta(days=draw(st.integers(1, 3)))
    return ShownEvent(number, draw(MINUTES), draw(st.sampled_from(ACCOUNTS)), began)


MADE: tuple[Callable[[int], st.SearchStrategy[Event]], ...] = (
    list_events,
    answer_events,
    shown_events,
)


@st.composite
def arrivals(draw: st.DrawFn) -> Sequence[Event]:
    """A history in the order in which it arrives: every event twice, in any order."""
    events: list[Event] = [
        draw(draw(st.sampled_from(MADE))(number)) for number in range(draw(st.integers(1, 9)))
    ]
    return draw(st.permutations([*events, *events]))


Evidence = tuple[datetime, str, UUID]


@dataclass(frozen=True)
class Interval:
    """One follow, as the database and the model both tell it."""

    account_id: UUID
    began_at: datetime | None
    listed: tuple[datetime | None, datetime | None]
    first: Evidence
    last: Evidence
    closed: Evidence | None


def plain_intervals(
    account_id: UUID, sightings: Iterable[tuple[Evidence, datetime | None]], denials: set[Evidence]
) -> Iterator[Interval]:
    """The longest runs of sightings without a denial after one and not after the next."""
    runs: list[list[tuple[Evidence, datetime | None]]] = []
    for each in sorted(sightings, key=lambda seen: seen[0]):
        last = runs[-1][-1][0][0] if runs else None
        joined = last is not None and not any(last < at <= each[0][0] for at, _, _ in denials)
        if joined:
            runs[-1].append(each)
        else:
            runs.append([each])
    for run in runs:
        evidence = [each for each, _ in run]
        listed = [at for at, kind, _ in evidence if kind == EvidenceKind.FOLLOWER_LIST.value]
        until = max(at for at, _, _ in evidence)
        yield Interval(
            account_id,
            min((began for _, began in run if began is not None), default=None),
            (min(listed, default=None), max(listed, default=None)),
            min(evidence),
            min(each for each in evidence if each[0] == until),
            min((each for each in denials if each[0] > until), default=None),
        )


AnswerIds = Mapping[tuple[UUID, datetime | int], UUID]
NOBODY = UUID(int=0)


def seen_by(
    event: Event, account_id: UUID, answer_ids: AnswerIds
) -> tuple[Evidence, datetime | None] | None:
    """The sighting of an account that an event is."""
    if isinstance(event, AnswersEvent):
        told = dict(event.told).get(account_id)
        answer_id = answer_ids.get((account_id, event.slot), NOBODY)
        evidence = (event.at, EvidenceKind.PAIR_ANSWER.value, answer_id)
        return (evidence, None) if told is PairAnswer.FOLLOWS else None
    if isinstance(event, ShownEvent):
        if event.account_id != account_id:
            return None
        shown_id = answer_ids[account_id, event.number]
        return (event.at, EvidenceKind.PAIR_ANSWER.value, shown_id), event.began
    held = dict(event.holds)
    if event.certificate is CertificateVerdict.VOID or account_id not in held:
        return None
    return (event.at, EvidenceKind.FOLLOWER_LIST.value, event.id), held[account_id]


def denied_by(event: Event, account_id: UUID, answer_ids: AnswerIds) -> Evidence | None:
    """The denial of an account's follow that an event is; what somebody shows is none."""
    if isinstance(event, AnswersEvent):
        told = dict(event.told).get(account_id)
        answer_id = answer_ids.get((account_id, event.slot), NOBODY)
        denial = (event.at, EvidenceKind.PAIR_ANSWER.value, answer_id)
        return denial if told is PairAnswer.DOES_NOT_FOLLOW else None
    if isinstance(event, ShownEvent) or account_id in dict(event.holds):
        return None
    if event.certificate is CertificateVerdict.COMPLETE and event.could_hold(account_id):
        return event.at, EvidenceKind.FOLLOWER_LIST.value, event.id
    return None


def expected(history: Iterable[Event], answer_ids: AnswerIds) -> set[Interval]:
    """What a history comes to, whatever the order in which it arrived."""
    events = set(history)
    found: set[Interval] = set()
    for account_id in ACCOUNTS:
        sightings = [seen_by(event, account_id, answer_ids) for event in events]
        denials = [denied_by(event, account_id, answer_ids) for event in events]
        found |= set(
            plain_intervals(
                account_id,
                [each for each in sightings if each is not None],
                {each for each in denials if each is not None},
            )
        )
    return found
