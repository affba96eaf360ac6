"""Cursors of the change feed, and which changes it tells of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.changes.kinds import ChangeKind
from app.feed.rules import (
    BEGINNING,
    LAST_SEQUENCE,
    TOLD,
    TOLD_KINDS,
    WITHHELD,
    Position,
    before,
    read,
    subject_of,
    written,
)

POSITIONS = st.builds(
    Position, st.integers(0, 2**64 - 1), st.integers(min_value=0, max_value=LAST_SEQUENCE)
)


def test_somebody_has_decided_of_every_kind_whether_it_is_told():
    assert {subject_of(kind) for kind in ChangeKind} == TOLD | WITHHELD
    assert not TOLD & WITHHELD
    assert "employee:updated" in TOLD_KINDS
    assert not [kind for kind in TOLD_KINDS if kind.startswith(("session", "contact", "breach"))]


@given(POSITIONS)
def test_a_cursor_brings_its_position_back(position):
    assert read(written(position)) == position


@given(POSITIONS, POSITIONS)
def test_different_positions_have_different_cursors(one, other):
    assert (written(one) == written(other)) == (one == other)


@given(st.text(max_size=64))
def test_any_other_text_is_no_cursor(invented):
    try:
        position = read(invented)
    except ValueError:
        return
    assert written(position) == invented


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("AAAA", id="short"),
        pytest.param(written(BEGINNING) + "A", id="long"),
        pytest.param(written(BEGINNING) + "==", id="padded"),
        pytest.param("A" * 11 + "_" * 11, id="bits-that-nobody-wrote"),
        pytest.param("é" * 22, id="not-ascii"),
    ],
)
def test_what_is_no_cursor(cursor):
    with pytest.raises(ValueError):  # noqa: PT011 - The class is all that there is to match.
        read(cursor)


def test_behind_a_horizon_stands_everything_that_is_older():
    assert Position(6, LAST_SEQUENCE) <= before(7) < Position(7, 0)
