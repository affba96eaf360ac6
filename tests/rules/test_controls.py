"""Which control accounts count for a list, and how they stand on it."""

from uuid import UUID

import pytest

from app.observations.rules import Control, ControlCounts, Expectation, count_controls

FOLLOWER, STRANGER = UUID(int=1), UUID(int=2)


def controls(*, findable: bool) -> list[Control]:
    return [
        Control(FOLLOWER, Expectation.PRESENT, findable),
        Control(STRANGER, Expectation.ABSENT, findable),
    ]


@pytest.mark.parametrize(
    ("matched", "findable", "reached_end", "counts"),
    [
        pytest.param({FOLLOWER}, True, True, (1, 1, 1, 0, 0), id="as-expected"),
        pytest.param(set(), True, True, (1, 0, 1, 0, 0), id="known-follower-missing"),
        pytest.param({FOLLOWER, STRANGER}, True, True, (1, 1, 1, 1, 0), id="known-stranger-on-it"),
        pytest.param(set(), False, True, (0, 0, 0, 0, 2), id="nobody-could-be-found"),
        pytest.param({FOLLOWER}, False, True, (1, 1, 0, 0, 1), id="found-all-the-same"),
        pytest.param({STRANGER}, False, False, (0, 0, 1, 1, 1), id="a-stranger-never-belongs"),
        pytest.param(set(), True, False, (0, 0, 0, 0, 2), id="broke-off-before-them"),
        pytest.param({FOLLOWER}, True, False, (1, 1, 0, 0, 1), id="broke-off-after-one"),
    ],
)
def test_controls_count_where_the_list_could_show_them(matched, findable, reached_end, counts):
    found = count_controls(controls(findable=findable), matched, reached_end=reached_end)
    assert found == ControlCounts(*counts)


def test_without_controls_nothing_is_expected():
    assert count_controls([], {FOLLOWER}, reached_end=True) == ControlCounts()
