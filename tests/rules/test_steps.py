"""A series in steps: cut at midnights of Asia/Jakarta, gaps left as gaps, gains that add up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import JAKARTA, jakarta_day, jakarta_midnight
from app.observations.rules import (
    CountInterval,
    Gain,
    cuts_days,
    exact,
    first_step,
    step_gains,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("counts", "gains"),
    [
        pytest.param([], [], id="empty"),
        pytest.param([None, None], [None, None], id="nothing-known"),
        pytest.param([exact(10), exact(12)], [None, Gain(2, 2)], id="two"),
        pytest.param(
            [None, exact(10), None, exact(7)], [None, None, None, Gain(-3, -3)], id="over-a-gap"
        ),
        pytest.param(
            [CountInterval(10, 19), exact(30)], [None, Gain(11, 20)], id="interval-and-exact"
        ),
        pytest.param([exact(0), exact(0)], [None, Gain(0, 0)], id="zero-is-a-count"),
    ],
)
def test_step_gains(counts, gains):
    assert step_gains(counts) == gains


@given(st.lists(st.none() | st.integers(0, 10**9).map(exact)))
def test_the_gains_add_up_to_the_last_count_less_the_first(counts):
    gains = step_gains(counts)
    known = [each for each in counts if each is not None]
    gained = sum(each.min for each in gains if each is not None)
    assert gained == (known[-1].min - known[0].min if known else 0)
    assert len(gains) == len(counts)


@given(
    st.lists(st.none() | st.tuples(st.integers(0, 10**6), st.integers(0, 99), st.integers(0, 99)))
)
def test_nothing_is_made_up_in_a_gap_and_the_truth_stays_inside(parts):
    truths = [None if each is None else each[0] + each[1] for each in parts]
    counts = [
        None if each is None else CountInterval(each[0], each[0] + each[1] + each[2])
        for each in parts
    ]
    last = None
    for truth, gain in zip(truths, step_gains(counts), strict=True):
        assert (gain is None) == (truth is None or last is None)
        if gain is not None and truth is not None and last is not None:
            assert gain.min <= truth - last <= gain.max
        last = last if truth is None else truth


@given(
    st.integers(10**8, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from([60, 900, 3600, 21_600, 86_400, 604_800]),
)
def test_days_are_cut_at_midnight_in_jakarta(since, seconds):
    step = timedelta(seconds=seconds)
    midnight = jakarta_midnight(jakarta_day(since))
    first = first_step(since, step, midnight)
    assert first <= since < first + step
    if step >= DAY:
        assert first.astimezone(JAKARTA).strftime("%H:%M:%S") == "00:00:00"
    else:
        assert (midnight - first) % step == timedelta(0)


@pytest.mark.parametrize(
    ("step", "cuts"),
    [
        pytest.param(HOUR, True, id="hour"),
        pytest.param(7 * HOUR, False, id="seven-hours"),
        pytest.param(DAY, True, id="day"),
        pytest.param(25 * HOUR, False, id="25-hours"),
        pytest.param(7 * DAY, True, id="week"),
    ],
)
def test_cuts_days(step, cuts):
    assert cuts_days(step) is cuts
