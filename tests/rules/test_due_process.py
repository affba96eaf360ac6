"""When an officer may decide about somebody: every obstacle, and the clock to the microsecond."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compliance.rules import Verdict
from app.disputes.rules import Obstacle, Standing, Told, accused, obstacle, reply_until
from app.excuses.rules import Excusal, excused_from

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
HOUR, A_MOMENT = timedelta(hours=1), timedelta(microseconds=1)
UNTIL = NOW + 72 * HOUR
UNMET = Standing(Verdict.UNMET, disputed=False, excused=False, unmet_since=NOW)
TOLD = Told(unmet_since=NOW, reply_until=UNTIL, replied=False, found=False)
REPLIED = replace(TOLD, replied=True)


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ([], UNTIL),
        ([NOW + 71 * HOUR], UNTIL),
        ([NOW + 100 * HOUR], NOW + 100 * HOUR),
        ([NOW + 100 * HOUR, NOW + 90 * HOUR], NOW + 100 * HOUR),
    ],
    ids=["three-days", "shorter-is-none", "longer", "the-longest"],
)
def test_how_long_a_notice_may_be_answered(extensions, expected):
    assert reply_until(NOW, extensions) == expected


def test_the_reply_time_is_plain_hours_even_where_clocks_change():
    # In Amsterdam the clocks went back in this night, which gives nobody an hour less.
    recorded = datetime(2026, 10, 24, 12, tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(UTC)
    assert reply_until(recorded) - recorded == timedelta(seconds=72 * 3600)


@pytest.mark.parametrize(
    ("told", "standing", "now", "expected"),
    [
        (TOLD, UNMET, NOW, Obstacle.REPLY_TIME_RUNS),
        (TOLD, UNMET, UNTIL - A_MOMENT, Obstacle.REPLY_TIME_RUNS),
        (TOLD, UNMET, UNTIL, None),
        (REPLIED, UNMET, NOW, None),
        (REPLIED, replace(UNMET, disputed=True), UNTIL, Obstacle.DISPUTE_OPEN),
        (
            REPLIED,
            replace(UNMET, verdict=Verdict.UNKNOWN, disputed=True),
            UNTIL,
            Obstacle.DISPUTE_OPEN,
        ),
        (TOLD, replace(UNMET, verdict=Verdict.MET), UNTIL, Obstacle.NO_LONGER_UNMET),
        (TOLD, replace(UNMET, verdict=Verdict.UNKNOWN), UNTIL, Obstacle.NO_LONGER_UNMET),
        (TOLD, replace(UNMET, unmet_since=NOW + A_MOMENT), UNTIL, Obstacle.NO_LONGER_UNMET),
        (TOLD, None, UNTIL, Obstacle.NO_LONGER_UNMET),
        (TOLD, replace(UNMET, excused=True), UNTIL, Obstacle.EXCUSED),
        (replace(TOLD, found=True), UNMET, UNTIL, Obstacle.FOUND_ALREADY),
    ],
    ids=[
        "just-told",
        "a-moment-before-72-hours",
        "at-72-hours",
        "a-reply-ends-the-waiting",
        "an-open-dispute",
        "a-frozen-verdict",
        "met-meanwhile",
        "unknown-meanwhile",
        "unmet-anew",
        "the-duty-has-ended",
        "excused-meanwhile",
        "found-before",
    ],
)
def test_what_stands_in_the_way_of_a_finding(told, standing, now, expected):
    assert obstacle(told, standing, now=now) is expected


STANDINGS = st.builds(
    Standing,
    verdict=st.sampled_from(Verdict),
    disputed=st.booleans(),
    excused=st.booleans(),
    unmet_since=st.sampled_from([None, NOW, NOW + HOUR]),
)


@given(
    st.builds(
        Told,
        unmet_since=st.sampled_from([NOW, NOW + HOUR]),
        reply_until=st.just(UNTIL),
        replied=st.booleans(),
        found=st.booleans(),
    ),
    st.none() | STANDINGS,
    st.integers(0, 144).map(lambda half_hours: NOW + half_hours * HOUR / 2),
)
def test_a_finding_needs_an_accusation_that_was_told_and_could_be_answered(told, standing, now):
    if obstacle(told, standing, now=now) is None:
        assert accused(standing)
        assert standing is not None
        assert standing.unmet_since == told.unmet_since
        assert told.replied or now - NOW >= 72 * HOUR


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (UNMET, True),
        (None, False),
        (replace(UNMET, verdict=Verdict.MET), False),
        (replace(UNMET, verdict=Verdict.UNKNOWN), False),
        (replace(UNMET, disputed=True), False),
        (replace(UNMET, excused=True), False),
    ],
    ids=["unmet", "no-verdict", "met", "unknown", "disputed", "excused"],
)
def test_of_what_somebody_is_told(standing, expected):
    assert accused(standing) is expected


FOLLOW, DECLARE = UUID(int=1), UUID(int=2)
TODAY = date(2026, 11, 24)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("excusal", "expected"),
    [
        (Excusal(None, TODAY, None, withdrawn=False), True),
        (Excusal(FOLLOW, TODAY, TODAY, withdrawn=False), True),
        (Excusal(DECLARE, TODAY, None, withdrawn=False), False),
        (Excusal(None, TOMORROW, None, withdrawn=False), False),
        (Excusal(None, YESTERDAY, YESTERDAY, withdrawn=False), False),
        (Excusal(None, YESTERDAY, TOMORROW, withdrawn=True), False),
    ],
    ids=["from-all", "on-its-only-day", "from-another", "not-yet", "over", "withdrawn"],
)
def test_which_excuse_holds(excusal, expected):
    assert excused_from([excusal], FOLLOW, TODAY) is expected
    assert (
        excused_from([Excusal(DECLARE, TODAY, None, withdrawn=False), excusal], FOLLOW, TODAY)
        is expected
    )
    assert excused_from([], FOLLOW, TODAY) is False
