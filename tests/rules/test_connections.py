"""When a token is used, refreshed, waited for or given up, and whose it is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connections.rules import (
    AHEAD,
    MARGIN,
    RETRY_AFTER,
    ConnectionState,
    Held,
    LossReason,
    RefreshOutcome,
    ShownState,
    Step,
    Wanted,
    consent_holds,
    ends_at,
    loss_after,
    matching,
    next_step,
    outcome_of,
    retry_at,
    shown_state,
)
from app.platforms.base import (
    Ambiguous,
    CredentialsBad,
    CreditsExhausted,
    LoginWall,
    NotSupported,
    ParseFailed,
    RateLimited,
    Unavailable,
)
from app.platforms.oauth import AppRefused, GrantRefused, Identity
from tests.support import NOW

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# X two hours after a consent of this morning: a short token, and a refresh token without an end.
FRESH = Held(
    state=ConnectionState.CONNECTED,
    expires_at=NOW + 2 * HOUR,
    refresh_expires_at=None,
    renewable=True,
    rotates=True,
    long_lived=False,
    renewed_at=NOW - HOUR,
)
ENDING = replace(FRESH, expires_at=NOW + MARGIN)
ENDED = replace(FRESH, expires_at=NOW)
BUSY = replace(ENDED, state=ConnectionState.REFRESHING, lease_until=NOW + SECOND)
LEFT = replace(BUSY, lease_until=NOW)
LOST = replace(FRESH, state=ConnectionState.NEEDS_REAUTH, renewable=False)


@pytest.mark.parametrize(
    ("held", "step"),
    [
        pytest.param(FRESH, Step.USE, id="fresh"),
        pytest.param(replace(FRESH, expires_at=None), Step.USE, id="without-an-end"),
        pytest.param(
            replace(ENDING, expires_at=NOW + MARGIN + SECOND), Step.USE, id="five-minutes-left"
        ),
        pytest.param(ENDING, Step.REFRESH, id="less-than-five-minutes"),
        pytest.param(ENDED, Step.REFRESH, id="ended"),
        pytest.param(replace(ENDING, renewable=False), Step.USE, id="ending-for-good"),
        pytest.param(replace(ENDED, renewable=False), Step.DO_WITHOUT, id="ended-for-good"),
        pytest.param(
            replace(ENDED, refresh_expires_at=NOW), Step.DO_WITHOUT, id="refresh-token-ended"
        ),
        pytest.param(
            replace(ENDING, retry_at=NOW + SECOND), Step.USE, id="patient-and-still-valid"
        ),
        pytest.param(replace(ENDED, retry_at=NOW + SECOND), Step.DO_WITHOUT, id="patient"),
        pytest.param(replace(ENDED, retry_at=NOW), Step.REFRESH, id="patience-over"),
        pytest.param(BUSY, Step.WAIT, id="another-refreshes"),
        pytest.param(
            replace(BUSY, expires_at=NOW + SECOND), Step.USE, id="another-refreshes-still-valid"
        ),
        pytest.param(LEFT, Step.GIVE_UP, id="worker-gone-rotating"),
        pytest.param(
            replace(LEFT, expires_at=NOW + HOUR), Step.GIVE_UP, id="worker-gone-rotating-valid"
        ),
        pytest.param(replace(LEFT, rotates=False), Step.REFRESH, id="worker-gone-not-rotating"),
        pytest.param(
            replace(LEFT, rotates=False, refresh_expires_at=NOW),
            Step.DO_WITHOUT,
            id="worker-gone-and-refresh-token-ended",
        ),
        pytest.param(replace(LEFT, lease_until=None), Step.GIVE_UP, id="no-lease"),
        pytest.param(LOST, Step.DO_WITHOUT, id="lost"),
    ],
)
def test_the_next_step(held, step):
    assert next_step(held, NOW) is step


LONG = replace(
    FRESH,
    rotates=False,
    long_lived=True,
    expires_at=NOW + AHEAD,
    refresh_expires_at=NOW + AHEAD,
    renewed_at=NOW - 50 * DAY,
)


@pytest.mark.parametrize(
    ("held", "step"),
    [
        pytest.param(LONG, Step.REFRESH, id="ten-days-left"),
        pytest.param(replace(LONG, expires_at=NOW + AHEAD + SECOND), Step.USE, id="more-left"),
        pytest.param(replace(LONG, renewed_at=NOW - DAY + SECOND), Step.USE, id="too-young"),
        pytest.param(replace(LONG, expires_at=None), Step.USE, id="without-an-end"),
        pytest.param(
            replace(LONG, expires_at=NOW, refresh_expires_at=NOW), Step.DO_WITHOUT, id="too-late"
        ),
        pytest.param(ENDED, Step.DO_WITHOUT, id="short-tokens-are-refreshed-when-needed"),
        pytest.param(
            replace(FRESH, refresh_expires_at=NOW + 30 * DAY, renewed_at=NOW - 150 * DAY),
            Step.REFRESH,
            id="unused-refresh-token-ends-in-a-month",
        ),
        pytest.param(
            replace(FRESH, refresh_expires_at=NOW + 31 * DAY, renewed_at=NOW - 149 * DAY),
            Step.USE,
            id="unused-refresh-token-has-time",
        ),
        pytest.param(
            replace(FRESH, refresh_expires_at=NOW + 6 * DAY, renewed_at=NOW - DAY),
            Step.USE,
            id="short-refresh-token-is-not-used-at-every-turn",
        ),
        pytest.param(LOST, Step.DO_WITHOUT, id="lost"),
        pytest.param(LEFT, Step.GIVE_UP, id="worker-gone"),
    ],
)
def test_the_next_step_of_the_job_that_keeps_tokens_alive(held, step):
    assert next_step(held, NOW, ahead=True) is step


MOMENTS = st.none() | st.integers(-100, 100).map(lambda hours: NOW + hours * HOUR)


@given(
    st.builds(
        Held,
        state=st.sampled_from(ConnectionState),
        expires_at=MOMENTS,
        refresh_expires_at=MOMENTS,
        renewable=st.booleans(),
        rotates=st.booleans(),
        long_lived=st.booleans(),
        renewed_at=st.integers(-100, 0).map(lambda hours: NOW + hours * HOUR),
        lease_until=MOMENTS,
        retry_at=MOMENTS,
    ),
    st.booleans(),
)
def test_no_token_is_replayed_and_no_ended_one_used(held, ahead):
    step = next_step(held, NOW, ahead=ahead)
    if step is Step.REFRESH:
        assert held.renewable
        # A rotating refresh token that has been sent is never sent again.
        assert not (held.rotates and held.state is ConnectionState.REFRESHING)
    if step is Step.USE:
        assert held.expires_at is None or held.expires_at > NOW
        assert held.state is not ConnectionState.NEEDS_REAUTH


@pytest.mark.parametrize(
    ("held", "shown"),
    [
        (None, ShownState.NONE),
        (FRESH, ShownState.CONNECTED),
        (ENDED, ShownState.CONNECTED),
        (BUSY, ShownState.CONNECTED),
        (replace(ENDED, renewable=False), ShownState.EXPIRED),
        (replace(ENDED, refresh_expires_at=NOW), ShownState.EXPIRED),
        (LOST, ShownState.NEEDS_REAUTH),
    ],
    ids=["none", "fresh", "renewable", "refreshing", "ended", "refresh-ended", "lost"],
)
def test_what_people_are_told(held, shown):
    assert shown_state(held, NOW) is shown


def test_the_end_that_people_are_told():
    assert ends_at(FRESH) is None
    assert ends_at(replace(FRESH, refresh_expires_at=NOW + DAY)) == NOW + DAY
    assert ends_at(replace(FRESH, renewable=False)) == FRESH.expires_at


PATIENCE = RateLimited("429", retry_at=NOW + HOUR)


@pytest.mark.parametrize(
    ("error", "arrived", "outcome"),
    [
        pytest.param(GrantRefused(), True, RefreshOutcome.REFUSED, id="invalid-grant"),
        pytest.param(CredentialsBad(), True, RefreshOutcome.REFUSED, id="not-accepted"),
        pytest.param(AppRefused(), True, RefreshOutcome.APP_REFUSED, id="invalid-client"),
        pytest.param(PATIENCE, True, RefreshOutcome.BUSY, id="429"),
        pytest.param(PATIENCE, False, RefreshOutcome.BUSY, id="budget"),
        pytest.param(
            CreditsExhausted("402", retry_at=NOW), True, RefreshOutcome.BUSY, id="credits"
        ),
        pytest.param(Unavailable("502"), True, RefreshOutcome.LOST, id="5xx"),
        pytest.param(Unavailable("the breaker is open"), False, RefreshOutcome.NOT_SENT, id="shut"),
        pytest.param(ParseFailed("broken JSON"), True, RefreshOutcome.LOST, id="not-understood"),
        pytest.param(LoginWall("redirect"), True, RefreshOutcome.LOST, id="a-page"),
        pytest.param(Ambiguous("refused with 400"), True, RefreshOutcome.LOST, id="unknown-words"),
        pytest.param(NotSupported("connection"), False, RefreshOutcome.NOT_SENT, id="no-oauth"),
    ],
)
def test_what_an_error_means_for_the_refresh_token(error, arrived, outcome):
    assert outcome_of(error, may_have_arrived=arrived) is outcome


@pytest.mark.parametrize(
    ("outcome", "rotating", "steady"),
    [
        (RefreshOutcome.RENEWED, None, None),
        (RefreshOutcome.REFUSED, LossReason.GRANT_REFUSED, LossReason.GRANT_REFUSED),
        (RefreshOutcome.APP_REFUSED, None, None),
        (RefreshOutcome.NOT_SENT, None, None),
        (RefreshOutcome.BUSY, None, None),
        (RefreshOutcome.LOST, LossReason.LOST_ANSWER, None),
    ],
    ids=str,
)
def test_when_a_connection_is_lost(outcome, rotating, steady):
    assert loss_after(outcome, rotates=True) is rotating
    assert loss_after(outcome, rotates=False) is steady


def test_a_failed_refresh_is_tried_again_with_patience():
    assert retry_at(Unavailable(), NOW) == NOW + RETRY_AFTER
    assert retry_at(PATIENCE, NOW) == NOW + HOUR
    assert retry_at(RateLimited(retry_at=NOW), NOW) == NOW + RETRY_AFTER


def who(platform_id: str | None, handle: str | None) -> Identity:
    return Identity(platform_id, handle, "t")


@pytest.mark.parametrize(
    ("wanted", "found", "fits"),
    [
        pytest.param(Wanted("a", "1"), who("1", "a"), True, id="same-id"),
        pytest.param(Wanted("a", "1"), who("1", "b"), True, id="renamed"),
        pytest.param(Wanted("a", "1"), who("2", "a"), False, id="handle-in-other-hands"),
        pytest.param(Wanted("a", None), who("2", "A"), True, id="handle-when-no-id-is-known"),
        pytest.param(Wanted("a", None), who("2", "b"), False, id="another-handle"),
        pytest.param(Wanted("UC1", None), who("UC1", "b"), True, id="the-handle-is-the-id"),
        pytest.param(Wanted("a", "1"), who(None, "a"), True, id="ids-differ-by-app"),
        pytest.param(Wanted("a", "1"), who(None, "b"), False, id="another-handle-without-id"),
        pytest.param(Wanted("a", None), who("2", None), False, id="no-handle"),
        pytest.param(Wanted("a", None), who(None, None), False, id="nothing"),
    ],
)
def test_whose_token_it_is(wanted, found, fits):
    assert matching(wanted, [found]) == (found if fits else None)
    assert matching(wanted, [who("9", "z"), found]) == (found if fits else None)


def test_two_that_fit_are_none():
    twin = who(None, "a")
    assert matching(Wanted("a", "1"), [twin, who(None, "A")]) is None
    assert matching(Wanted("a", "1"), []) is None


@pytest.mark.parametrize(
    ("declared_at", "retired", "holds"),
    [
        (NOW - HOUR, False, True),
        (NOW, False, True),
        (NOW + SECOND, False, False),
        (NOW - HOUR, True, False),
    ],
    ids=["declared-before", "same-moment", "corrected-since", "retired"],
)
def test_a_consent_belongs_to_the_account_it_was_given_for(declared_at, retired, holds):
    assert consent_holds(connected_at=NOW, declared_at=declared_at, retired=retired) is holds
