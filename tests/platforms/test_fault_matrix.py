"""Every fault against every question to every platform: a typed end in time, and never a lie.

Each cell asks once without a fault to learn how many requests the question takes, then lets the
fault strike at the first, a middle and the last of them, once and from then on.
"""

import asyncio
import io
import json
import tracemalloc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, replace

import pytest

from app.core.logs import ALLOWED, configure_logging
from app.observations.rules import CertificateVerdict, CountInterval, ListFacts, certify
from app.platforms.base import (
    Adapter,
    CountReading,
    Existence,
    ExistenceState,
    Follower,
    NotSupported,
    PairReading,
    Platform,
    PlatformError,
)
from app.platforms.sandbox.faults import ONLY_OF, Fault, FaultOrder
from tests.platforms.fault_world import (
    CALL_SECONDS,
    FOLLOWER,
    FOLLOWERS,
    KNOWN_TEXTS,
    NOW,
    OFFICIAL,
    STRANGER,
    Striking,
    reach,
    target,
)

# Far above what one call may take, far below what a hanging server would cost.
JOB_SECONDS = 8.0
MOST_MEMORY = 48 * 1024 * 1024


@dataclass(frozen=True)
class Told:
    """What one question came to: values, or the errors in their place."""

    counts: tuple[CountReading | PlatformError, ...] = ()
    existence: tuple[Existence | PlatformError, ...] = ()
    pairs: tuple[PairReading | PlatformError, ...] = ()
    listed: tuple[Follower, ...] | None = None
    writers: tuple[tuple[str, str], ...] = ()
    ended: PlatformError | None = None

    @property
    def errors(self) -> list[PlatformError]:
        """Every error in it."""
        all_of = [*self.counts, *self.existence, *self.pairs, self.ended]
        return [each for each in all_of if isinstance(each, PlatformError)]


async def ask_counts(adapter: Adapter, platform: Platform) -> Told:
    asked = replace(target(OFFICIAL, platform), access_token=None)
    return Told(counts=tuple((await adapter.counts([asked])).values()))


async def ask_own_counts(adapter: Adapter, platform: Platform) -> Told:
    return Told(counts=tuple((await adapter.counts([target(OFFICIAL, platform)])).values()))


async def ask_existence(adapter: Adapter, platform: Platform) -> Told:
    # An official account, since Instagram confirms no others.
    asked = replace(target(OFFICIAL, platform), access_token=None)
    return Told(existence=tuple((await adapter.existence([asked])).values()))


async def ask_pairs(adapter: Adapter, platform: Platform) -> Told:
    follower, stranger = target(FOLLOWER, platform), target(STRANGER, platform)
    found = await adapter.follows(target(OFFICIAL, platform), [follower, stranger])
    return Told(pairs=(found[follower], found[stranger]))


async def ask_list(adapter: Adapter, platform: Platform) -> Told:
    listed: list[Follower] = []
    try:
        async for page in adapter.followers(target(OFFICIAL, platform)):
            listed.extend(page.followers)
    except PlatformError as error:
        return Told(listed=tuple(listed), ended=error)
    return Told(listed=tuple(listed))


async def ask_writers(adapter: Adapter, platform: Platform) -> Told:
    writers: list[tuple[str, str]] = []
    try:
        async for page in adapter.scoped_ids(target(OFFICIAL, platform)):
            writers.extend(page.items())
    except PlatformError as error:
        return Told(writers=tuple(writers), ended=error)
    return Told(writers=tuple(writers))


@dataclass(frozen=True)
class Question:
    """One kind of request; `pages` asks the public pages instead of the API."""

    ask: Callable[[Adapter, Platform], Awaitable[Told]]
    of: Sequence[Platform]
    pages: bool = False


WITH_API_COUNTS = [each for each in Platform if each is not Platform.TIKTOK]
WITH_PAGES = [each for each in Platform if each not in {Platform.BLUESKY, Platform.MASTODON}]
QUESTIONS: Mapping[str, Question] = {
    "counts": Question(ask_counts, WITH_API_COUNTS),
    "own_counts": Question(ask_own_counts, [Platform.INSTAGRAM, Platform.THREADS, Platform.TIKTOK]),
    "page_counts": Question(ask_counts, WITH_PAGES, pages=True),
    "existence": Question(ask_existence, WITH_API_COUNTS),
    "page_existence": Question(ask_existence, WITH_PAGES, pages=True),
    "pairs": Question(
        ask_pairs,
        [
            Platform.BLUESKY,
            Platform.INSTAGRAM,
            Platform.MASTODON,
            Platform.X,
            Platform.YOUTUBE,
        ],
    ),
    "list": Question(ask_list, [Platform.BLUESKY, Platform.MASTODON, Platform.X]),
    "writers": Question(ask_writers, [Platform.INSTAGRAM]),
}

LISTS = frozenset({"list", "writers"})
COUNTS = frozenset(kind for kind in QUESTIONS if "counts" in kind)
WITH_KEYS = frozenset(kind for kind in QUESTIONS if not kind.startswith("page_"))
WITH_TOKENS: Mapping[Platform, frozenset[str]] = {
    Platform.BLUESKY: frozenset(),
    Platform.MASTODON: frozenset({"pairs", "list"}),
    Platform.YOUTUBE: frozenset({"pairs"}),
}

# The questions that a fault can strike at all, and why it cannot strike the others.
STRIKES: Mapping[Fault, tuple[frozenset[str], str]] = {
    **dict.fromkeys(
        (Fault.CURSOR_LOOP, Fault.DUPLICATE_PAGES, Fault.SHORT_LIST, Fault.HIDDEN_LIST),
        (LISTS, "only lists have pages to lose"),
    ),
    **dict.fromkeys(
        (Fault.GARBAGE_COUNT, Fault.NEGATIVE_COUNT), (COUNTS, "nothing else holds a count")
    ),
    **dict.fromkeys(
        (Fault.KEY_INVALID, Fault.QUOTA_EXCEEDED, Fault.CREDITS_EXHAUSTED),
        (WITH_KEYS, "a guest on a public page has no credentials"),
    ),
    Fault.WRONG_TOTAL: (frozenset(), "a likely number that is wrong can be told by nobody"),
    Fault.LOST_ROTATION: (frozenset(), "only a token's refresh rotates it; see test_token_refresh"),
}


# Where the platform itself says, in its own words, that an account is not there: nobody could tell
# the lie from the truth, so an account counts as missing only after three checks on three days.
SAID_TO_BE_MISSING = {
    (Fault.SHORT_ANSWER, Platform.BLUESKY),
    (Fault.SHORT_ANSWER, Platform.YOUTUBE),
}
NOT_A_LIE = {ExistenceState.EXISTS, ExistenceState.AMBIGUOUS, ExistenceState.BLOCKED}


def senseless(fault: Fault, kind: str, platform: Platform) -> str | None:
    """Why a combination makes no sense; None where it does."""
    if platform not in ONLY_OF.get(fault, {platform}):
        return "the platform has no such thing to lose"
    if fault is Fault.EXPIRED_TOKEN and kind not in WITH_TOKENS.get(platform, WITH_KEYS):
        return "this is asked without a token"
    kinds, reason = STRIKES.get(fault, (frozenset(QUESTIONS), ""))
    return None if kind in kinds else reason


CELLS = [
    pytest.param(fault, kind, platform, id=f"{fault}-{kind}-{platform}")
    for kind, question in QUESTIONS.items()
    for platform in question.of
    for fault in Fault
    if senseless(fault, kind, platform) is None
]


async def told(question: Question, platform: Platform, transport: Striking) -> Told:
    """What a question comes to; an error that ends the whole call is told as one, too."""
    adapter = reach(platform, transport, pages=question.pages)
    async with asyncio.timeout(JOB_SECONDS):
        try:
            return await question.ask(adapter, platform)
        except PlatformError as error:
            return Told(ended=error)


SCOPED_IDS = {
    each[Platform.INSTAGRAM][0]: f"igsid-{each[Platform.INSTAGRAM][1]}"
    for each in (OFFICIAL, FOLLOWER, STRANGER)
}


def require_truth(result: Told, platform: Platform, fault: Fault | None = None) -> None:
    """No answer says anything that is not so; not knowing is always allowed."""
    for reading in result.counts:
        if isinstance(reading, CountReading):
            assert reading.followers_min <= FOLLOWERS <= reading.followers_max
            assert reading.followers_min > 0
    for found in result.existence:
        if isinstance(found, Existence):
            said = (fault, platform) in SAID_TO_BE_MISSING
            assert found.state in NOT_A_LIE | ({ExistenceState.MISSING} if said else set())
    for wanted, pair in zip((True, False), result.pairs, strict=False):
        if isinstance(pair, PairReading):
            assert pair.follows is wanted
    for handle, scoped_id in result.writers:
        # Nobody is taken for somebody else, and the account itself is nobody's writer.
        assert SCOPED_IDS.get(handle, scoped_id) == scoped_id
        assert handle != OFFICIAL[platform][0]
    if result.listed is not None and result.ended is None:
        require_no_false_absence(result.listed, platform)


def require_no_false_absence(listed: Sequence[Follower], platform: Platform) -> None:
    """A list that lacks a true follower must not be certified as complete."""
    ids = {each.platform_id for each in listed}
    certificate = certify(
        ListFacts(
            listed=len(ids),
            count_before=CountInterval(FOLLOWERS, FOLLOWERS),
            count_after=CountInterval(FOLLOWERS, FOLLOWERS),
            reached_end=True,
            oldest_entry=None,
            taken_at=NOW,
        )
    )
    seen = FOLLOWER[platform][1] in ids
    assert seen or certificate.verdict is not CertificateVerdict.COMPLETE


def strikes(requests: int) -> list[tuple[int, int | None]]:
    """Where a fault strikes, and how often."""
    places = sorted({0, requests // 2, requests - 1})
    return [(place, times) for place in places for times in (1, None)]


def strikes_of(fault: Fault, requests: int) -> list[tuple[int, int | None]]:
    """All strikes, but for faults that only take time just the first and the last."""
    found = strikes(requests)
    return [found[0], found[-1]] if fault in {Fault.HANG, Fault.SLOW} else found


def seconds_of(fault: Fault) -> float | None:
    return 60.0 if fault is Fault.HANG else None


@pytest.mark.parametrize(("kind", "platform"), [
    pytest.param(kind, platform, id=f"{kind}-{platform}")
    for kind, question in QUESTIONS.items()
    for platform in question.of
])  # fmt: skip
async def test_without_a_fault_every_question_is_answered(kind, platform):
    result = await told(QUESTIONS[kind], platform, Striking(None, 0))
    assert result.errors == []
    require_truth(result, platform)
    assert bool(result.writers) is (kind == "writers")
    if result.listed is not None:
        assert len({each.platform_id for each in result.listed}) == FOLLOWERS


@pytest.mark.parametrize(("fault", "kind", "platform"), CELLS)
async def test_no_fault_makes_a_platform_lie(fault, kind, platform):
    question = QUESTIONS[kind]
    honest = Striking(None, 0)
    await told(question, platform, honest)
    assert honest.requests
    for at, times in strikes_of(fault, honest.requests):
        order = FaultOrder(platform, fault, times=times, seconds=seconds_of(fault))
        transport = Striking(order, at)
        loop = asyncio.get_running_loop()
        started = loop.time()
        result = await told(question, platform, transport)
        assert loop.time() - started < (transport.requests + 1) * CALL_SECONDS + 2
        require_truth(result, platform, fault)
        assert not any(isinstance(each, NotSupported) for each in result.errors) or (
            kind in {"pairs", *LISTS} or fault in {Fault.EXPIRED_TOKEN, Fault.GARBAGE_COUNT}
        )


# What a fault that strikes every request must be called.
OUTCOMES: Mapping[Fault, set[str]] = {
    Fault.CREDITS_EXHAUSTED: {"credits_exhausted"},
    Fault.CUT_OFF: {"unavailable", "parse_failed"},
    Fault.DEEP_JSON: {"parse_failed"},
    Fault.EXPIRED_TOKEN: {"credentials_bad", "token_refused"},
    Fault.GZIP_BOMB: {"parse_failed"},
    Fault.HANG: {"unavailable"},
    Fault.KEY_INVALID: {"credentials_bad"},
    Fault.LOGIN_PAGE: {"blocked"},
    Fault.QUOTA_EXCEEDED: {"rate_limited"},
    Fault.RATE_LIMITED: {"rate_limited"},
    Fault.REDIRECT_LOOP: {"blocked"},
    Fault.SERVER_ERROR: {"unavailable"},
    Fault.SLOW: {"unavailable"},
}


@pytest.mark.parametrize(("fault", "kind", "platform"), [
    cell for cell in CELLS if cell.values[0] in OUTCOMES
])  # fmt: skip
async def test_a_fault_of_every_answer_has_its_name(fault, kind, platform):
    order = FaultOrder(platform, fault, times=None, seconds=seconds_of(fault))
    result = await told(QUESTIONS[kind], platform, Striking(order, 0))
    blocked = [
        each
        for each in result.existence
        if isinstance(each, Existence) and each.state is ExistenceState.BLOCKED
    ]
    outcomes = {each.outcome for each in result.errors} | ({"blocked"} if blocked else set())
    assert outcomes <= OUTCOMES[fault] | ({"blocked", "parse_failed"} if "page_" in kind else set())
    assert outcomes


@pytest.mark.parametrize("platform", list(Platform))
@pytest.mark.parametrize("fault", [Fault.GZIP_BOMB, Fault.DEEP_JSON])
async def test_memory_stays_bounded(fault, platform):
    kind = "own_counts" if platform is Platform.TIKTOK else "counts"
    # The bomb itself is made once, before anything is measured.
    order = FaultOrder(platform, fault, times=None)
    await told(QUESTIONS[kind], platform, Striking(order, 0))
    tracemalloc.start()
    try:
        await told(QUESTIONS[kind], platform, Striking(order, 0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY


@pytest.mark.parametrize(("fault", "kind", "platform"), [
    cell for cell in CELLS if cell.values[0] in OUTCOMES and cell.values[1] != "list"
])  # fmt: skip
async def test_a_failed_call_is_one_log_line_without_a_body_or_a_handle(fault, kind, platform):
    order = FaultOrder(platform, fault, times=None, seconds=seconds_of(fault))
    written = io.StringIO()
    transport = Striking(order, 0)
    with redirect_stderr(written):
        configure_logging("INFO")
        try:
            await told(QUESTIONS[kind], platform, transport)
        finally:
            configure_logging("ERROR")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert 1 <= len(lines) <= transport.requests
    for line in lines:
        assert set(line) <= ALLOWED
        assert not [text for text in KNOWN_TEXTS if text in json.dumps(line)]


def test_every_combination_is_tested_or_left_out_with_a_reason():
    left_out = [
        reason
        for kind, question in QUESTIONS.items()
        for platform in question.of
        for fault in Fault
        if (reason := senseless(fault, kind, platform)) is not None
    ]
    asked = sum(len(question.of) for question in QUESTIONS.values())
    assert len(CELLS) + len(left_out) == asked * len(Fault)
    assert len(CELLS) > 400
    assert {platform for each in QUESTIONS.values() for platform in each.of} == set(Platform)
