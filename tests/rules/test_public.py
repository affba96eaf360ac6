"""When an account counts as official today."""

from datetime import date

import pytest

from app.public.rules import NOTES, Finding, is_current

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("start", "end", "current"),
    [
        pytest.param(None, None, True, id="an-agency"),
        pytest.param(TODAY, None, True, id="first-day"),
        pytest.param(date(2026, 11, 27), None, False, id="not-yet"),
        pytest.param(date(2021, 1, 1), TODAY, True, id="last-day"),
        pytest.param(date(2021, 1, 1), date(2026, 11, 25), False, id="over"),
    ],
)
def test_the_account_of_a_person_is_official_in_the_term(start, end, current):
    assert is_current(start, end, TODAY) is current


def test_every_finding_is_put_into_words():
    assert set(NOTES) == set(Finding)
