"""When somebody may be erased."""

import pytest

from app.employees.rules import Standing
from app.privacy.rules import Involvement, Obstacle, obstacles

LEFT = Standing.RETIRED


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(Involvement(LEFT, 0, 0, 0), [], id="left-and-done"),
        pytest.param(Involvement(Standing.DISMISSED, 0, 0, 0), [], id="dismissed"),
        pytest.param(Involvement(Standing.ACTIVE, 0, 0, 0), [Obstacle.STILL_AT_WORK], id="at-work"),
        pytest.param(
            Involvement(Standing.SUSPENDED, 0, 0, 0), [Obstacle.STILL_AT_WORK], id="suspended"
        ),
        pytest.param(
            Involvement(LEFT, 1, 0, 0), [Obstacle.IN_RUNNING_CAMPAIGN], id="in-a-campaign"
        ),
        pytest.param(
            Involvement(LEFT, 0, 1, 2),
            [Obstacle.DISPUTE_UNDECIDED, Obstacle.NOTICE_UNANSWERED],
            id="in-due-process",
        ),
    ],
)
def test_what_stands_against_erasing(found, expected):
    assert obstacles(found) == expected
