"""The states of a declared account."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.rules import (
    AccountState,
    Attestation,
    Identity,
    finds,
    identify,
    live,
    may_move,
    missing_after,
    state_after_check,
    state_on_declaration,
)
from app.platforms.base import ExistenceState

DECLARED, EXISTS, MISSING = AccountState.DECLARED, AccountState.EXISTS, AccountState.MISSING
VERIFIED, CONTESTED = AccountState.VERIFIED, AccountState.CONTESTED
PRIVATE, RETIRED = AccountState.PRIVATE, AccountState.RETIRED
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize("state", list(AccountState))
def test_only_contested_and_retired_claims_leave_room_for_another(state):
    assert live(state) is (state not in {CONTESTED, RETIRED})


@pytest.mark.parametrize(
    ("claimed", "attested", "state"),
    [
        pytest.param(False, False, DECLARED, id="first-claim"),
        pytest.param(False, True, VERIFIED, id="attested"),
        pytest.param(True, False, CONTESTED, id="second-claim"),
        pytest.param(True, True, CONTESTED, id="an-attestation-does-not-settle-a-contest"),
    ],
)
def test_state_on_declaration(claimed, attested, state):
    assert state_on_declaration(claimed_by_other=claimed, attested=attested) is state


@pytest.mark.parametrize(
    "path",
    [
        pytest.param([DECLARED, EXISTS, VERIFIED, CONTESTED, RETIRED], id="the-long-way"),
        pytest.param([DECLARED, VERIFIED], id="attested-unseen"),
        pytest.param([DECLARED, MISSING, EXISTS], id="came-back"),
        pytest.param([VERIFIED, PRIVATE, VERIFIED], id="private-for-a-while"),
        pytest.param([VERIFIED, DECLARED], id="handle-corrected"),
        pytest.param([CONTESTED, VERIFIED], id="contest-decided"),
        pytest.param([DECLARED, AccountState.SUSPENDED, AccountState.RENAMED], id="seen-changing"),
    ],
)
def test_moves_that_happen(path):
    assert all(may_move(present, wanted) for present, wanted in pairwise(path))


@pytest.mark.parametrize(
    ("present", "wanted"),
    [
        pytest.param(VERIFIED, EXISTS, id="a-check-does-not-undo-a-proof"),
        pytest.param(CONTESTED, EXISTS, id="a-check-does-not-end-a-contest"),
        pytest.param(CONTESTED, MISSING, id="nor-does-a-failed-one"),
        pytest.param(RETIRED, VERIFIED, id="retired-is-not-verified"),
    ],
)
def test_moves_that_never_happen(present, wanted):
    assert not may_move(present, wanted)


@pytest.mark.parametrize("state", list(AccountState))
def test_retirement_is_final_open_to_all_and_staying_is_no_move(state):
    assert not may_move(RETIRED, state)
    assert may_move(state, RETIRED) is (state is not RETIRED)
    assert not may_move(state, state)


@pytest.mark.parametrize(
    ("days", "missing"),
    [
        pytest.param([], False, id="never-checked"),
        pytest.param([0], False, id="once"),
        pytest.param([0, 0, 0, 0], False, id="four-times-in-a-day"),
        pytest.param([0, 1, 1], False, id="two-days"),
        pytest.param([0, 1, 2], True, id="three-days"),
        pytest.param([9, 0, 4, 4], True, id="three-days-apart-in-any-order"),
    ],
)
def test_missing_needs_three_days(days, missing):
    assert missing_after([MONDAY + timedelta(days=day) for day in days]) is missing


@given(st.lists(st.dates()), st.dates())
def test_another_failed_check_never_brings_an_account_back(checks, another):
    assert missing_after([*checks, another]) >= missing_after(checks)


def test_an_attestation_is_dated_and_named():
    given_word = Attestation(attested_on=MONDAY, attested_by="officer:7")
    assert (given_word.attested_on, given_word.attested_by) == (MONDAY, "officer:7")


SUSPENDED, DEACTIVATED = AccountState.SUSPENDED, AccountState.DEACTIVATED
RENAMED = AccountState.RENAMED
TODAY = [MONDAY]
THREE_DAYS = [MONDAY + timedelta(days=day) for day in range(3)]


@pytest.mark.parametrize(
    ("present", "check", "proven", "missed", "after"),
    [
        pytest.param(DECLARED, ExistenceState.EXISTS, False, [], EXISTS, id="found"),
        pytest.param(VERIFIED, ExistenceState.EXISTS, True, [], VERIFIED, id="proof-stands"),
        pytest.param(PRIVATE, ExistenceState.EXISTS, True, [], VERIFIED, id="open-again"),
        pytest.param(RENAMED, ExistenceState.EXISTS, True, [], VERIFIED, id="renamed-and-proven"),
        pytest.param(RENAMED, ExistenceState.EXISTS, False, [], EXISTS, id="renamed-unproven"),
        pytest.param(VERIFIED, ExistenceState.PRIVATE, True, [], PRIVATE, id="closed"),
        pytest.param(VERIFIED, ExistenceState.SUSPENDED, True, [], SUSPENDED, id="taken-down"),
        pytest.param(VERIFIED, ExistenceState.DEACTIVATED, True, [], DEACTIVATED, id="put-aside"),
        pytest.param(VERIFIED, ExistenceState.MISSING, True, TODAY, VERIFIED, id="missed-once"),
        pytest.param(VERIFIED, ExistenceState.MISSING, True, THREE_DAYS, MISSING, id="missing"),
        pytest.param(VERIFIED, ExistenceState.AMBIGUOUS, True, [], VERIFIED, id="two-meanings"),
        pytest.param(EXISTS, ExistenceState.BLOCKED, False, [], EXISTS, id="login-page"),
        pytest.param(CONTESTED, ExistenceState.EXISTS, True, [], CONTESTED, id="contest-stays"),
        pytest.param(RETIRED, ExistenceState.EXISTS, True, [], RETIRED, id="retired-stays"),
    ],
)
def test_state_after_a_check(present, check, proven, missed, after):
    assert state_after_check(present, check, proven=proven, missed_on=missed) is after


@given(st.sampled_from(AccountState), st.sampled_from(ExistenceState), st.booleans())
def test_a_check_moves_only_where_a_move_is_allowed(present, check, proven):
    after = state_after_check(present, check, proven=proven, missed_on=TODAY)
    assert after is present or may_move(present, after)
    assert after not in {MISSING, CONTESTED, RETIRED} or after is present
    if finds(check) is None:
        assert after is present


@pytest.mark.parametrize(
    ("known_id", "handle", "told_id", "told_handle", "identity"),
    [
        pytest.param(None, "budi", None, None, Identity.SAME, id="told-nothing"),
        pytest.param(None, "budi", "7", "budi", Identity.LEARNT, id="learnt"),
        pytest.param("7", "budi", "7", "budi", Identity.SAME, id="same"),
        pytest.param("7", "budi", "7", None, Identity.SAME, id="same-id"),
        pytest.param("7", "budi", None, None, Identity.SAME, id="no-id-told"),
        pytest.param("7", "budi", "7", "budi_baru", Identity.RENAMED, id="renamed"),
        pytest.param("7", "budi", "8", "budi", Identity.OTHER, id="resold"),
        pytest.param("7", "budi", "8", "tuti", Identity.OTHER, id="another-altogether"),
        pytest.param("7", "7", "7", "budi", Identity.SAME, id="declared-by-its-id"),
    ],
)
def test_identity_is_the_platforms_id(known_id, handle, told_id, told_handle, identity):
    told = identify(known_id=known_id, handle=handle, told_id=told_id, told_handle=told_handle)
    assert told is identity
