"""What employees show of their follows proves `met`, and ends as every presence does."""

from dataclasses import replace

import pytest

from app.compliance.rules import Basis, Finding, PairLook, Reason
from tests.rules.test_verdicts import (
    ABSENT,
    DENIED,
    DENIES,
    FOLLOWS,
    LISTED,
    absent,
    judged,
    met,
    pair,
    seen,
    unknown,
)

SHOWN = met(Reason.SHOWN_BY_EMPLOYEE, Basis.SELF_EVIDENCE, 1)


def shown(number: int, days_ago: float) -> PairLook:
    return replace(pair(number, days_ago, FOLLOWS), by_employee=True)


@pytest.mark.parametrize(
    ("looks", "finding"),
    [
        pytest.param([shown(1, 1)], SHOWN, id="shown"),
        pytest.param([shown(1, 5), pair(2, 1, DENIES)], DENIED, id="shown-then-denied"),
        pytest.param([shown(1, 9), absent(2, 5), absent(3, 4)], ABSENT, id="shown-then-absent"),
        pytest.param([absent(2, 5), absent(3, 4), shown(1, 1)], SHOWN, id="absent-then-shown"),
        pytest.param([pair(2, 1, DENIES), shown(1, 1)], SHOWN, id="what-is-shown-wins-a-tie"),
        pytest.param([shown(5, 5), seen(1, 1)], LISTED, id="a-later-list-is-the-evidence"),
        pytest.param([pair(5, 5, FOLLOWS), shown(1, 1)], SHOWN, id="shown-after-an-answer"),
        pytest.param(
            [shown(1, 31)], unknown(Reason.STALE, Basis.SELF_EVIDENCE, 1), id="shown-long-ago"
        ),
    ],
)
def test_what_an_employee_shows(looks: list[PairLook], finding: Finding):
    assert judged(*looks) == finding
