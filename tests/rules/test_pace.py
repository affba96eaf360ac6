"""When a target is reached, as an interval that never leaves the truth out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.rules import Pace, Reading, Window, pace
from app.observations.rules import CountInterval, exact, truncated

START = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=60))


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def series(*points: tuple[float, int | CountInterval]) -> list[Reading]:
    return [
        Reading(day(at), exact(count) if isinstance(count, int) else count) for at, count in points
    ]


@pytest.mark.parametrize(
    ("readings", "expected", "now", "result"),
    [
        pytest.param([], 100, 5, Pace(None, None, plateau=False), id="no-readings"),
        pytest.param(
            series((0, 1000), (10, 1100), (17, 1170)),
            300,
            17,
            Pace(day(30), day(30), plateau=False),
            id="ten-a-day",
        ),
        pytest.param(
            series((0, 1000), (2, 1020)), 100, 2, Pace(day(10), day(10), plateau=False), id="young"
        ),
        pytest.param(
            series((0, 1000), (0.1, 1020)), 100, 2, Pace(None, None, plateau=False), id="one-hour"
        ),
        pytest.param(
            series((0, 1000), (10, 1100), (17, 1100)),
            300,
            17,
            Pace(None, None, plateau=True),
            id="plateau",
        ),
        pytest.param(
            series((0, 1000), (10, 1100), (17, 1050)),
            300,
            17,
            Pace(None, None, plateau=True),
            id="falling",
        ),
        pytest.param(
            series((0, 1000), (10, truncated(1100)), (17, truncated(1100))),
            289,
            17,
            Pace(day(17 + 20 * 7), None, plateau=False),
            id="nothing-is-proven-of-truncated-counts",
        ),
        pytest.param(
            series((0, 1000), (5, 1300), (17, 1400)),
            300,
            17,
            Pace(day(5), day(5), plateau=False),
            id="reached",
        ),
        pytest.param(
            series((0, 1000), (5, 1300), (6, 1299), (17, 1300)),
            300,
            17,
            Pace(day(17), day(17), plateau=False),
            id="reached-lost-and-reached-again",
        ),
        pytest.param(
            series((0, CountInterval(990, 1010)), (5, 1295), (12, 1302)),
            300,
            12,
            Pace(day(5), day(20), plateau=False),
            id="perhaps-reached",
        ),
        pytest.param(
            series((1, 1000), (10, 1100), (17, 1170)),
            300,
            17,
            Pace(None, None, plateau=False),
            id="no-baseline",
        ),
        pytest.param(
            series((0, 1000), (10, 1100), (17, 1170)),
            0,
            17,
            Pace(None, None, plateau=False),
            id="nothing-expected",
        ),
        pytest.param(
            series((0, 1000), (10, 1100), (17, 1170)),
            300,
            25,
            Pace(None, None, plateau=False),
            id="the-pace-of-long-ago-is-not-known-now",
        ),
        pytest.param(
            series((0, 1000), (10, 1100), (17, 1170), (30, 9999)),
            300,
            17,
            Pace(day(30), day(30), plateau=False),
            id="what-comes-later-is-not-known",
        ),
        pytest.param(
            series((0, 1000), (52, 1100), (59, 1170), (61, 9999)),
            300,
            99,
            Pace(day(72), day(72), plateau=False),
            id="an-ended-window-is-judged-as-of-its-end",
        ),
        pytest.param(
            series((0, 0), (17, 1)), 10**6, 17, Pace(None, None, plateau=False), id="in-46000-years"
        ),
    ],
)
def test_pace(readings, expected, now, result):
    found = pace(readings, expected, WINDOW, now=day(now))
    assert found == result


# A count interval with a true count inside it.
COUNTED = st.tuples(st.integers(0, 10**6), st.integers(0, 500), st.integers(0, 500)).map(
    lambda it: (CountInterval(it[0], it[0] + it[1] + it[2]), it[0] + it[1])
)


@given(COUNTED, COUNTED, COUNTED, st.integers(1, 10**6))
def test_pace_contains_the_truth(baseline, middle, latest, expected):
    parts = [baseline, middle, latest]
    seen = [Reading(day(at), each[0]) for at, each in zip((0, 10, 17), parts, strict=True)]
    true = [Reading(day(at), exact(each[1])) for at, each in zip((0, 10, 17), parts, strict=True)]
    found = pace(seen, expected, WINDOW, now=day(17))
    truth = pace(true, expected, WINDOW, now=day(17))
    if truth.reached_from is not None:
        assert found.reached_from is not None
        assert found.reached_from <= truth.reached_from
    if found.reached_until is not None:
        assert truth.reached_until is not None
        assert truth.reached_until <= found.reached_until
    assert truth.plateau or not found.plateau


@given(st.permutations(series((0, 1000), (10, 1100), (12, 1120), (17, 1170))))
def test_the_order_of_readings_does_not_matter(readings):
    assert pace(readings, 300, WINDOW, now=day(17)).reached_from == day(30)
