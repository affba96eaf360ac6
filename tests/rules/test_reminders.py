"""Who is reminded and when: named cases, and what never happens whatever the plan says."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import JAKARTA
from app.reminders.rules import (
    MAX_ATTEMPTS,
    Channel,
    Course,
    FirstFrom,
    Past,
    Plan,
    Quiet,
    Reach,
    Situation,
    State,
    Trouble,
    Turn,
    Withheld,
    after_failure,
    channel_for,
    delay,
    escalated_at,
    first_turn,
    is_quiet,
    next_allowed,
    next_slot,
    present_slot,
    silenced,
    spared,
    turn,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)  # Monday, 08.00 WIB.
NIGHT = Quiet(time(20), time(7), weekends=False, holidays=frozenset(), zone=JAKARTA)
WEEKLY = Plan(
    enabled=True,
    channels=(Channel.EMAIL, Channel.WHATSAPP),
    first_from=FirstFrom.START,
    first_after=7 * DAY,
    every=7 * DAY,
    at_most=3,
    escalate_after=None,
    ahead_of_due=False,
    quiet=NIGHT,
    counts_from=START - DAY,
)
COURSE = Course(START, START + 60 * DAY, silenced=False)
SOMEBODY = Situation(
    member=True, active=True, excused=False, disputed=False, missing=True,
    begun_at=START, due_at=START,
)  # fmt: skip


def wib(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=JAKARTA).astimezone(UTC)


@pytest.mark.parametrize(
    ("quiet", "moment", "expected"),
    [
        pytest.param(NIGHT, wib(3, 12), wib(3, 12), id="noon"),
        pytest.param(NIGHT, wib(3, 20), wib(4, 7), id="begins-at-eight"),
        pytest.param(NIGHT, wib(3, 19, 59), wib(3, 19, 59), id="just-before"),
        pytest.param(NIGHT, wib(3, 23, 30), wib(4, 7), id="evening"),
        pytest.param(NIGHT, wib(3, 0), wib(3, 7), id="midnight"),
        pytest.param(NIGHT, wib(3, 7), wib(3, 7), id="ends-at-seven"),
        pytest.param(replace(NIGHT, weekends=True), wib(7, 10), wib(9, 7), id="saturday"),
        pytest.param(replace(NIGHT, weekends=True), wib(6, 21), wib(9, 7), id="friday-evening"),
        pytest.param(
            replace(NIGHT, weekends=True, holidays=frozenset({date(2026, 11, 9)})),
            wib(8, 10), wib(10, 7), id="sunday-before-a-holiday",
        ),
        pytest.param(
            replace(NIGHT, starts=time(12), ends=time(13)), wib(3, 12, 30), wib(3, 13), id="lunch"
        ),
        pytest.param(
            replace(NIGHT, starts=time(7), ends=time(7)), wib(3, 7), wib(3, 7), id="never-quiet"
        ),
        pytest.param(
            replace(NIGHT, starts=time(0), ends=time(7), holidays=frozenset({date(2026, 11, 3)})),
            wib(3, 12), wib(4, 7), id="a-day-off-ends-in-quiet",
        ),
    ],
)  # fmt: skip
def test_when_something_may_be_sent(quiet, moment, expected):
    assert next_allowed(quiet, moment) == expected
    assert is_quiet(quiet, moment) is (moment != expected)


@pytest.mark.parametrize(
    ("plan", "course", "now", "expected"),
    [
        pytest.param(WEEKLY, COURSE, START, None, id="runs"),
        pytest.param(replace(WEEKLY, enabled=False), COURSE, START, Withheld.PLAN_OFF, id="off"),
        pytest.param(
            WEEKLY, COURSE, START - HOUR, Withheld.CAMPAIGN_NOT_RUNNING, id="not-begun"
        ),
        pytest.param(
            WEEKLY, COURSE, COURSE.ends_at, Withheld.CAMPAIGN_NOT_RUNNING, id="ended"
        ),
        pytest.param(
            WEEKLY, replace(COURSE, silenced=True), START, Withheld.NEUTRALITY_WINDOW,
            id="election",
        ),
    ],
)  # fmt: skip
def test_when_a_campaign_reminds_nobody(plan, course, now, expected):
    assert silenced(plan, course, now=now) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, None, id="missing-and-due"),
        pytest.param({"member": False}, Withheld.LEFT_CAMPAIGN, id="left"),
        pytest.param({"active": False}, Withheld.NOT_ACTIVE, id="on-leave"),
        pytest.param({"excused": True}, Withheld.EXCUSED, id="excused"),
        pytest.param({"disputed": True}, Withheld.DISPUTED, id="disputed"),
        pytest.param({"missing": False}, Withheld.NOTHING_MISSING, id="fulfilled"),
        pytest.param({"due_at": START + 9 * DAY}, Withheld.NOT_DUE_YET, id="early"),
        pytest.param(
            {"excused": True, "disputed": True}, Withheld.EXCUSED, id="excused-and-disputed"
        ),
    ],
)
def test_who_is_spared(changes, expected):
    assert spared(WEEKLY, replace(SOMEBODY, **changes), now=START + 7 * DAY) == expected


def test_only_a_plan_that_says_so_informs_ahead_of_the_due_date():
    early = replace(SOMEBODY, due_at=START + 30 * DAY)
    kind = replace(WEEKLY, ahead_of_due=True)
    assert spared(kind, early, now=START) is None
    assert first_turn(kind, early) == START + 7 * DAY
    assert first_turn(WEEKLY, early) == early.due_at
    before = replace(kind, first_from=FirstFrom.DUE, first_after=3 * DAY)
    assert first_turn(before, early) == early.due_at - 3 * DAY
    # Nobody is told of something before it is asked of them.
    assert first_turn(replace(before, first_after=90 * DAY), early) == early.begun_at


FIRST = START + 7 * DAY
SENT = Past(
    last_number=1, counted=1, last_slot=FIRST, last_at=FIRST + HOUR, sent_at=(FIRST + HOUR,)
)


@pytest.mark.parametrize(
    ("plan", "past", "now", "expected"),
    [
        pytest.param(WEEKLY, Past(), FIRST, (FIRST, 1), id="the-first"),
        pytest.param(WEEKLY, Past(), FIRST - HOUR, Withheld.NOT_ITS_TURN, id="too-soon"),
        pytest.param(
            WEEKLY, SENT, FIRST + 6 * DAY, Withheld.NOT_ITS_TURN, id="the-second-is-to-come"
        ),
        pytest.param(
            WEEKLY, SENT, FIRST + 7 * DAY, Withheld.NOT_ITS_TURN, id="an-hour-short-of-a-week"
        ),
        pytest.param(
            WEEKLY, SENT, FIRST + 7 * DAY + HOUR, (FIRST + 7 * DAY, 2), id="the-second"
        ),
        pytest.param(
            WEEKLY, Past(), FIRST + 16 * DAY, (FIRST + 14 * DAY, 1), id="missed-ones-are-not-sent"
        ),
        pytest.param(
            replace(WEEKLY, counts_from=FIRST + 15 * DAY), Past(), FIRST + 16 * DAY,
            Withheld.NOT_ITS_TURN, id="a-new-plan-looks-not-back",
        ),
        pytest.param(
            replace(WEEKLY, counts_from=FIRST + 15 * DAY), Past(), FIRST + 21 * DAY,
            (FIRST + 21 * DAY, 1), id="a-new-plan-takes-its-next-slot",
        ),
        pytest.param(
            WEEKLY, replace(SENT, counted=3, last_number=3), FIRST + 30 * DAY,
            Withheld.AT_MOST_REACHED, id="enough",
        ),
        pytest.param(
            WEEKLY, replace(SENT, waiting=True), FIRST + 30 * DAY, Withheld.ALREADY_PLANNED,
            id="one-waits",
        ),
        pytest.param(
            WEEKLY, Past(last_number=1, last_slot=FIRST), FIRST + DAY, Withheld.NOT_ITS_TURN,
            id="the-slot-of-one-that-was-stopped-is-over",
        ),
        pytest.param(
            WEEKLY, Past(last_number=1, last_slot=FIRST), FIRST + 7 * DAY, (FIRST + 7 * DAY, 2),
            id="one-that-was-stopped-counts-not",
        ),
    ],
)  # fmt: skip
def test_whose_turn_it_is(plan, past, now, expected):
    found = turn(plan, FIRST, past, Channel.EMAIL, now=now)
    if isinstance(expected, Withheld):
        assert found is expected
    else:
        assert isinstance(found, Turn)
        assert (found.slot, found.number) == expected


def test_a_turn_that_comes_at_night_waits_for_the_morning():
    found = turn(WEEKLY, FIRST, Past(), Channel.EMAIL, now=FIRST + 14 * HOUR)
    assert found == Turn(FIRST, wib(10, 7), Channel.EMAIL, 1)


@pytest.mark.parametrize(
    ("plan", "past", "expected"),
    [
        pytest.param(WEEKLY, SENT, None, id="no-escalation"),
        pytest.param(replace(WEEKLY, escalate_after=2), SENT, None, id="one-of-two"),
        pytest.param(
            replace(WEEKLY, escalate_after=1), SENT, FIRST + HOUR + 7 * DAY, id="a-week-to-answer"
        ),
        pytest.param(
            replace(WEEKLY, escalate_after=1),
            replace(SENT, sent_at=(FIRST + HOUR, FIRST + 8 * DAY)), FIRST + HOUR + 7 * DAY,
            id="further-reminders-put-nothing-off",
        ),
        pytest.param(
            replace(WEEKLY, escalate_after=1, counts_from=FIRST + 20 * DAY), SENT, None,
            id="not-for-a-time-before-the-plan",
        ),
    ],
)  # fmt: skip
def test_when_a_head_is_told(plan, past, expected):
    assert escalated_at(plan, past) == expected


EMAIL, BOTH = frozenset({Channel.EMAIL}), frozenset(Channel)


@pytest.mark.parametrize(
    ("on", "reach", "expected"),
    [
        pytest.param(BOTH, Reach(BOTH), Channel.EMAIL, id="the-first-of-the-plan"),
        pytest.param(BOTH, Reach(frozenset({Channel.WHATSAPP})), Channel.WHATSAPP, id="other"),
        pytest.param(frozenset(), Reach(BOTH), Withheld.NO_CHANNEL, id="nothing-set-up"),
        pytest.param(BOTH, Reach(frozenset()), Withheld.NO_ADDRESS, id="no-address"),
        pytest.param(BOTH, Reach(BOTH, EMAIL), Channel.WHATSAPP, id="where-mail-fails"),
        pytest.param(
            EMAIL, Reach(BOTH, EMAIL), Withheld.ADDRESS_UNDELIVERABLE, id="nothing-arrives"
        ),
    ],
)
def test_by_which_channel(on, reach, expected):
    assert channel_for(WEEKLY, on, reach) == expected


@pytest.mark.parametrize(
    ("trouble", "attempts", "expected"),
    [
        pytest.param(Trouble.RECIPIENT_REFUSED, 1, State.UNDELIVERABLE, id="no-such-mailbox"),
        pytest.param(Trouble.MESSAGE_REFUSED, 1, State.FAILED, id="refused"),
        pytest.param(Trouble.TRY_LATER, MAX_ATTEMPTS, State.FAILED, id="worn-out"),
        pytest.param(Trouble.TRY_LATER, 1, START + 45 * timedelta(seconds=1), id="first"),
        pytest.param(Trouble.UNREACHABLE, 7, START + 3 * HOUR, id="no-longer-than-four-hours"),
        pytest.param(Trouble.CREDENTIALS_REFUSED, 1, START + timedelta(seconds=45), id="a-person"),
    ],
)
def test_what_follows_a_failure(trouble, attempts, expected):
    assert after_failure(trouble, attempts, quiet=NIGHT, now=START, share=0) == expected


def test_a_retry_waits_for_the_end_of_quiet_hours():
    late = wib(3, 19, 59)
    following = after_failure(Trouble.TRY_LATER, 3, quiet=NIGHT, now=late, share=0)
    assert following == wib(4, 7)


MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda n: START + timedelta(minutes=n))
QUIETS = st.builds(
    Quiet,
    st.builds(time, st.integers(0, 23), st.sampled_from([0, 30])),
    st.builds(time, st.integers(0, 23), st.sampled_from([0, 30])),
    st.booleans(),
    st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=8),
    st.just(JAKARTA),
)


@given(QUIETS, MOMENTS)
def test_nothing_is_ever_planned_in_quiet_hours(quiet, moment):
    found = next_allowed(quiet, moment)
    assert found >= moment
    assert not is_quiet(quiet, found)
    assert next_allowed(quiet, found) == found
    # Nothing open was passed over on the way.
    assert found - moment < timedelta(days=30)
    halves = [moment + HOUR * step / 2 for step in range(int((found - moment) / HOUR * 2))]
    assert all(is_quiet(quiet, each) for each in halves)


@given(MOMENTS, st.integers(1, 40), st.integers(0, 10**7))
def test_slots_are_equally_far_apart(first, days, seconds):
    every, now = days * DAY, first + timedelta(seconds=seconds)
    slot = present_slot(first, every, now)
    assert slot is not None
    assert slot <= now < slot + every == next_slot(first, every, now)
    assert (slot - first) % every == timedelta()
    assert present_slot(first, every, first - timedelta(seconds=1)) is None


@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True))
def test_waiting_grows_and_stays_within_bounds(attempts, share):
    found = delay(attempts, share)
    assert timedelta(seconds=45) <= found <= 5 * HOUR
    assert delay(attempts + 4, 0) >= delay(attempts, 0)


@given(
    quiet=QUIETS,
    every=st.integers(1, 9),
    at_most=st.integers(1, 5),
    enabled=st.integers(0, 10),
    steps=st.lists(
        st.tuples(
            st.sampled_from([15, 60, 600, 1440, 2880, 4000, 10080]),
            st.sampled_from(["look", "sent", "sent", "sent", "stopped", "changed"]),
        ),
        min_size=12,
        max_size=60,
    ),
)
def test_whatever_happens_nobody_gets_too_many_or_too_close(quiet, every, at_most, enabled, steps):
    """A life of planning, sending, stopping and changed plans, at any distance in minutes."""
    plan = replace(
        WEEKLY, quiet=quiet, every=every * DAY, at_most=at_most, counts_from=START + enabled * DAY
    )
    now, past, waiting = FIRST - DAY, Past(), None
    sent: list[datetime] = []
    for minutes, event in steps:
        now += timedelta(minutes=minutes)
        found = turn(plan, FIRST, past, Channel.EMAIL, now=now)
        if waiting is None and isinstance(found, Turn):
            assert found.slot >= plan.counts_from
            assert found.slot <= now <= found.planned_for
            assert not is_quiet(quiet, found.planned_for)
            assert found.number == past.last_number + 1
            waiting = found
            past = replace(
                past, last_number=found.number, counted=past.counted + 1, waiting=True,
                last_slot=found.slot, last_at=found.planned_for,
            )  # fmt: skip
            again = turn(plan, FIRST, past, Channel.EMAIL, now=now)
            assert again is Withheld.ALREADY_PLANNED
        elif waiting is not None and event == "sent":
            now = max(now, waiting.planned_for)
            sent.append(now)
            past = replace(past, waiting=False, last_at=now, sent_at=tuple(sent))
            waiting = None
        elif waiting is not None and event == "stopped":
            last = sent[-1] if sent else None
            past = replace(past, waiting=False, counted=past.counted - 1, last_at=last)
            waiting = None
        elif event == "changed":
            plan = replace(plan, counts_from=now)
    assert len(sent) <= at_most
    assert all(later - earlier >= plan.every for earlier, later in pairwise(sent))
