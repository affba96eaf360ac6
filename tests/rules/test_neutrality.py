"""When an official account is paused: the days of an election, and the end of an office term."""

from datetime import date

import pytest

from app.neutrality.rules import Days, Pause, PauseReason, pause, turns
from app.official_accounts.models import OwnerKind

PERSON, OFFICE, AGENCY = OwnerKind.PERSON, OwnerKind.OFFICE, OwnerKind.AGENCY
FIRST, LAST = date(2026, 11, 20), date(2026, 11, 30)
ELECTION = Days(FIRST, LAST)
LATER = Days(date(2026, 11, 25), date(2026, 12, 5))
IN_ELECTION = Pause(PauseReason.NEUTRALITY_WINDOW, LAST)
OVER = Pause(PauseReason.OFFICE_TERM_ENDED, None)


@pytest.mark.parametrize(
    ("owner", "term_end", "windows", "day", "expected"),
    [
        pytest.param(PERSON, None, [], FIRST, None, id="no-window"),
        pytest.param(PERSON, None, [ELECTION], date(2026, 11, 19), None, id="the-day-before"),
        pytest.param(PERSON, None, [ELECTION], FIRST, IN_ELECTION, id="the-first-day"),
        pytest.param(PERSON, None, [ELECTION], LAST, IN_ELECTION, id="the-last-day"),
        pytest.param(PERSON, None, [ELECTION], date(2026, 12, 1), None, id="the-day-after"),
        pytest.param(OFFICE, None, [ELECTION], FIRST, None, id="an-office-is-never-paused"),
        pytest.param(AGENCY, date(2026, 1, 1), [ELECTION], FIRST, None, id="nor-an-agency"),
        pytest.param(PERSON, FIRST, [], FIRST, None, id="the-last-day-in-office"),
        pytest.param(PERSON, FIRST, [], date(2026, 11, 21), OVER, id="out-of-office"),
        pytest.param(PERSON, FIRST, [ELECTION], LAST, OVER, id="the-end-of-a-term-is-final"),
        pytest.param(
            PERSON,
            None,
            [ELECTION, LATER],
            LAST,
            Pause(PauseReason.NEUTRALITY_WINDOW, date(2026, 12, 5)),
            id="the-longest-of-two-windows",
        ),
        pytest.param(PERSON, None, [ELECTION, LATER], FIRST, IN_ELECTION, id="one-yet-to-begin"),
    ],
)
def test_pause(owner, term_end, windows, day, expected):
    assert pause(owner, term_end, windows, day) == expected


def test_turns_are_the_first_day_and_the_day_after_the_last():
    assert turns([ELECTION]) == {FIRST, date(2026, 12, 1)}
    assert turns([Days(FIRST, date.max)]) == {FIRST}
