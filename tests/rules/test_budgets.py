"""Budgets and breakers as pure decisions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.budgets.rules import (
    LIMITS,
    LONGEST_REST,
    PAGE_PACE,
    Breaker,
    BreakerState,
    BudgetKey,
    BudgetsNotReadable,
    BudgetState,
    Cause,
    Drawn,
    Limit,
    Refusal,
    Standing,
    Stored,
    after_failure,
    key_of,
    limit_of,
    refusal_of,
    rest,
    standing_of,
    state_of,
    window_end,
    with_granted,
    worst,
    worth_writing,
)
from app.platforms.base import Platform
from app.platforms.headers import Headroom
from app.platforms.http import Lane
from tests.support import NOW

MINUTE = timedelta(minutes=1)
PACED = Limit(100, 100 * MINUTE)
DAILY = Limit(10_000, timedelta(days=1), zone="America/Los_Angeles")


def test_quotas_count_units_and_limits_count_requests():
    assert (DAILY.charge(100), PACED.charge(100)) == (100, 1)


def test_every_platform_has_a_limit():
    assert set(LIMITS) == set(Platform)


@given(st.integers(1, 10**8), st.integers(1, 86_400))
def test_burst_and_pace_together_never_exceed_the_limit_in_any_window(units, seconds):
    limit = Limit(units, timedelta(seconds=seconds))
    # The fullest window there can be: it begins with a whole burst, and ends just before a unit.
    in_window = limit.burst + (limit.window - timedelta(microseconds=1)) // limit.spacing
    assert in_window <= max(units, limit.burst)


@pytest.mark.parametrize(
    ("limit", "burst", "spacing"),
    [
        pytest.param(LIMITS[Platform.BLUESKY], 300, timedelta(seconds=300 / 2700), id="bluesky"),
        pytest.param(LIMITS[Platform.MASTODON], 30, timedelta(seconds=300 / 270), id="mastodon"),
        pytest.param(LIMITS[Platform.X], 30, timedelta(seconds=900 / 270), id="x"),
        pytest.param(PAGE_PACE, 3, timedelta(seconds=60 / 27), id="pages"),
        pytest.param(LIMITS[Platform.YOUTUBE], 10_000, timedelta(0), id="youtube"),
        pytest.param(Limit(1, MINUTE), 1, MINUTE, id="single"),
    ],
)
def test_a_budget_has_a_burst_and_a_pace(limit, burst, spacing):
    assert limit.burst == burst
    assert timedelta(0) <= limit.spacing - spacing <= timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("limit", "cost", "block"),
    [
        pytest.param(LIMITS[Platform.BLUESKY], 1, 1, id="real-budgets-are-drawn-one-by-one"),
        pytest.param(DAILY, 1, 1, id="no-quota-is-lost"),
        pytest.param(Limit(3_000_000, 5 * MINUTE), 1, 1000, id="a-tenth-of-a-second"),
        pytest.param(Limit(3000, 5 * MINUTE), 7, 7, id="at-least-the-cost"),
    ],
)
def test_how_much_is_drawn_at_once(limit, cost, block):
    assert limit.block(cost) == block


@pytest.mark.parametrize(
    ("lane", "key", "door", "kind"),
    [
        pytest.param(
            Lane(Platform.X), BudgetKey(Platform.X, "", "app"), "api", "app", id="the-apps"
        ),
        pytest.param(
            Lane(Platform.X, "5f"), BudgetKey(Platform.X, "", "5f"), "api", "account", id="a-tokens"
        ),
        pytest.param(
            Lane(Platform.X, "pages"),
            BudgetKey(Platform.X, "", "pages"),
            "pages",
            "pages",
            id="pages",
        ),
        pytest.param(
            Lane(Platform.MASTODON, "app", "9c"),
            BudgetKey(Platform.MASTODON, "9c", "app"),
            "9c",
            "host",
            id="a-hosts",
        ),
        pytest.param(
            Lane(Platform.YOUTUBE, "5f"),
            BudgetKey(Platform.YOUTUBE, "", "app"),
            "api",
            "app",
            id="one-quota-for-all-tokens",
        ),
        pytest.param(
            Lane(Platform.YOUTUBE, "pages"),
            BudgetKey(Platform.YOUTUBE, "", "pages"),
            "pages",
            "pages",
            id="pages-spend-no-quota",
        ),
    ],
)
def test_which_budget_a_lane_draws_on(lane, key, door, kind):
    assert key_of(lane) == key
    assert (key.door, key.kind) == (door, kind)


def test_pages_are_slow_everywhere():
    for platform in Platform:
        assert limit_of(BudgetKey(platform, "", "pages"), LIMITS) is PAGE_PACE
    assert limit_of(BudgetKey(Platform.X, "", "app"), LIMITS) is LIMITS[Platform.X]


def test_a_platform_may_have_granted_more():
    granted = with_granted(" youtube=50000, x = 900 ,")
    assert granted[Platform.YOUTUBE] == Limit(50_000, timedelta(days=1), "America/Los_Angeles")
    assert granted[Platform.X].units == 900
    assert granted[Platform.BLUESKY] == LIMITS[Platform.BLUESKY]
    assert with_granted("") == LIMITS


@pytest.mark.parametrize(
    "text", ["youtube", "youtube=", "youtube=many", "x=0", "x=-5", "x=9999999999", "orkut=5"]
)
def test_unclear_grants_are_refused(text):
    with pytest.raises(BudgetsNotReadable):
        with_granted(text)


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        pytest.param(NOW, datetime(2026, 11, 24, 8, tzinfo=UTC), id="winter"),
        pytest.param(
            datetime(2026, 7, 1, 7, tzinfo=UTC), datetime(2026, 7, 2, 7, tzinfo=UTC), id="midnight"
        ),
        pytest.param(
            datetime(2026, 11, 1, 8, tzinfo=UTC),
            datetime(2026, 11, 2, 8, tzinfo=UTC),
            id="25-hours",
        ),
    ],
)
def test_a_daily_quota_begins_anew_at_midnight_in_california(now, midnight):
    assert window_end(DAILY, now) == midnight
    assert window_end(PACED, now) is None


def drawn(granted: int = 0, **found) -> Drawn:
    empty = {
        "busy_until": NOW,
        "left_in_window": None,
        "window_ends_at": None,
        "paused_until": None,
        "credits_exhausted": False,
    }
    return Drawn(granted=granted, **(empty | found))


LATER = NOW + 7 * MINUTE


@pytest.mark.parametrize(
    ("found", "refusal"),
    [
        pytest.param(drawn(1), None, id="granted"),
        pytest.param(drawn(paused_until=LATER), Refusal(Cause.PAUSED, LATER), id="paused"),
        pytest.param(
            drawn(paused_until=LATER, credits_exhausted=True),
            Refusal(Cause.CREDITS_EXHAUSTED, LATER),
            id="credits",
        ),
        pytest.param(
            drawn(left_in_window=1, window_ends_at=LATER), Refusal(Cause.WINDOW, LATER), id="window"
        ),
        pytest.param(
            drawn(busy_until=NOW + PACED.burst * PACED.spacing),
            Refusal(Cause.PACE, NOW + 2 * PACED.spacing),
            id="pace",
        ),
        pytest.param(
            drawn(
                busy_until=NOW + PACED.burst * PACED.spacing, left_in_window=9, window_ends_at=LATER
            ),
            Refusal(Cause.PACE, NOW + 2 * PACED.spacing),
            id="pace-within-a-window",
        ),
    ],
)
def test_why_nothing_is_granted(found, refusal):
    assert refusal_of(found, PACED, 2, NOW) == refusal


@pytest.mark.parametrize(
    ("known", "seen", "worth"),
    [
        pytest.param(None, Headroom(2999, LATER), True, id="first-word"),
        pytest.param(Headroom(2999, LATER), Headroom(2998, LATER), False, id="one-less"),
        pytest.param(Headroom(3000, LATER), Headroom(2700, LATER), True, id="a-tenth-less"),
        pytest.param(Headroom(25, LATER), Headroom(20, LATER), True, id="near-the-end"),
        pytest.param(Headroom(20, LATER), Headroom(20, LATER), False, id="the-same"),
        pytest.param(Headroom(20, LATER), Headroom(3000, LATER + MINUTE), True, id="new-window"),
        pytest.param(Headroom(20, LATER), Headroom(40, LATER), False, id="late-answer"),
    ],
)
def test_what_is_worth_telling_the_others(known, seen, worth):
    assert worth_writing(known, seen) is worth


def test_five_failures_in_a_row_open_the_breaker():
    breaker = None
    for count in range(1, 5):
        breaker = after_failure(breaker, NOW)
        assert (breaker.failures, state_of(breaker, NOW)) == (count, BreakerState.CLOSED)
    opened = after_failure(breaker, NOW)
    assert state_of(opened, NOW) is BreakerState.OPEN
    assert (opened.opened_at, opened.retry_at) == (NOW, NOW + timedelta(seconds=30))
    assert state_of(opened, NOW + timedelta(seconds=30)) is BreakerState.HALF_OPEN


def test_old_failures_do_not_count():
    breaker = Breaker(4, NOW)
    assert after_failure(breaker, NOW + timedelta(minutes=2)).openings == 1
    assert after_failure(breaker, NOW + timedelta(minutes=3)) == Breaker(1, NOW + 3 * MINUTE)


def test_a_failed_probe_opens_it_for_longer():
    opened = Breaker(5, NOW, 1, NOW, NOW + timedelta(seconds=30), probing=True)
    again = after_failure(opened, NOW + timedelta(seconds=31))
    assert (again.openings, again.opened_at, again.probing) == (2, NOW, False)
    assert again.retry_at == NOW + timedelta(seconds=31 + 60)


def test_a_late_failure_leaves_an_open_breaker_as_it_is():
    opened = Breaker(5, NOW, 1, NOW, NOW + timedelta(seconds=30))
    assert after_failure(opened, NOW + timedelta(seconds=5)) == opened


def test_a_platform_is_never_left_alone_for_ever():
    rests = [rest(openings) for openings in range(1, 2000)]
    assert rests == sorted(rests)
    assert rests[-1] == LONGEST_REST


def test_a_probe_counts_as_half_open():
    probing = Breaker(5, NOW, 1, NOW, LATER, probing=True)
    assert state_of(probing, NOW) is BreakerState.HALF_OPEN
    assert state_of(None, NOW) is BreakerState.CLOSED


@pytest.mark.parametrize(
    ("stored", "limit", "standing"),
    [
        pytest.param(None, PACED, Standing(BudgetState.OPEN, 100, None, None), id="never-used"),
        pytest.param(
            None,
            DAILY,
            Standing(BudgetState.OPEN, 10_000, datetime(2026, 11, 24, 8, tzinfo=UTC), None),
            id="never-used-quota",
        ),
        pytest.param(
            Stored(NOW + 3 * PACED.spacing),
            PACED,
            Standing(BudgetState.OPEN, 97, NOW + 3 * PACED.spacing, None),
            id="three-drawn",
        ),
        pytest.param(
            Stored(NOW - MINUTE, 0, NOW - MINUTE, NOW - MINUTE),
            PACED,
            Standing(BudgetState.OPEN, 100, None, None),
            id="all-over",
        ),
        pytest.param(
            Stored(NOW, 12, LATER), PACED, Standing(BudgetState.OPEN, 12, LATER, None), id="told"
        ),
        pytest.param(
            Stored(NOW, 0, LATER), PACED, Standing(BudgetState.PAUSED, 0, LATER, LATER), id="spent"
        ),
        pytest.param(
            Stored(NOW, None, None, LATER),
            PACED,
            Standing(BudgetState.PAUSED, 100, None, LATER),
            id="429",
        ),
        pytest.param(
            Stored(NOW, None, None, LATER, credits_exhausted=True),
            PACED,
            Standing(BudgetState.CREDITS_EXHAUSTED, 100, None, LATER),
            id="402",
        ),
    ],
)
def test_how_a_budget_stands(stored, limit, standing):
    assert standing_of(stored, limit, NOW) == standing


def test_the_worst_of_several_budgets_is_shown():
    roomy = Standing(BudgetState.OPEN, 90, None, None)
    tight = Standing(BudgetState.OPEN, 3, None, None)
    paused = Standing(BudgetState.PAUSED, 50, None, LATER)
    assert worst([roomy, tight]) is tight
    assert worst([roomy, tight, paused]) is paused
