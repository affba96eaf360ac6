"""The states of a declared account."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.rules import (
    AccountState,
    Attestation,
    live,
    may_move,
    missing_after,
    state_on_declaration,
)

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
