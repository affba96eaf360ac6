"""Before a duty is due nobody is late: grace, extensions, joiners, and edits that look back."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.rules import due_at, window_fault
from app.compliance.rules import Basis, Finding, Reason, Verdict, before_due

START = datetime(2026, 11, 1, tzinfo=UTC)
EVIDENCE = (UUID(int=1),)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def days(number: int) -> timedelta:
    return timedelta(days=number)


@pytest.mark.parametrize(
    ("grace", "joined", "extended", "due"),
    [
        pytest.param(0, None, None, 0, id="at-the-start"),
        pytest.param(7, None, None, 7, id="after-grace"),
        pytest.param(7, None, 20, 20, id="extended"),
        pytest.param(7, None, 3, 7, id="an-extension-never-shortens"),
        pytest.param(7, 10, None, 17, id="a-joiner-has-the-whole-grace"),
        pytest.param(7, -10, None, 7, id="who-joined-before-the-start"),
        pytest.param(7, 10, 12, 17, id="a-joiner-with-a-short-extension"),
        pytest.param(0, None, -3, 0, id="an-extension-before-the-start"),
    ],
)
def test_due_at(grace, joined, extended, due):
    found = due_at(
        START,
        days(grace),
        joined_at=None if joined is None else day(joined),
        extended_to=None if extended is None else day(extended),
    )
    assert found == day(due)


NUMBERS = st.integers(-50, 50)


@given(st.integers(0, 50), st.none() | NUMBERS, st.none() | NUMBERS)
def test_nobody_is_due_before_start_and_grace(grace, joined, extended):
    found = due_at(
        START,
        days(grace),
        joined_at=None if joined is None else day(joined),
        extended_to=None if extended is None else day(extended),
    )
    assert found >= day(grace)


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("verdict", list(Verdict))
def test_before_it_is_due_nobody_is_unmet(verdict, reason):
    finding = Finding(verdict, reason, Basis.DECLARATION, EVIDENCE)
    found = before_due(finding)
    if verdict is Verdict.UNMET:
        assert found == Finding(Verdict.UNKNOWN, Reason.NOT_DUE_YET, Basis.DECLARATION, EVIDENCE)
    else:
        assert found == finding


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        pytest.param((20, 0), (25, 0), None, id="a-start-to-come-moves"),
        pytest.param((20, 0), (5, 0), "starts_at", id="not-into-the-past"),
        pytest.param((5, 0), (20, 0), "starts_at", id="what-has-begun-stays"),
        pytest.param((10, 0), (12, 0), "starts_at", id="what-begins-now-stays"),
        pytest.param((5, 0), (5, 30), None, id="more-grace"),
        pytest.param((5, 30), (5, 6), None, id="less-grace-that-is-yet-to-end"),
        pytest.param((5, 30), (5, 5), "grace_days", id="less-grace-that-is-over-now"),
        pytest.param((5, 4), (5, 2), "grace_days", id="not-even-when-it-is-over-anyway"),
        pytest.param((5, 4), (5, 4), None, id="nothing"),
    ],
)
def test_window_fault_on_the_tenth_day(old, new, fault):
    before, after = ((day(start), days(grace)) for start, grace in (old, new))
    assert window_fault(before, after, now=day(10)) == fault
