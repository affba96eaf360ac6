"""No absence counts of an account that could not be seen, whatever lists and answers say."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.rules import AccountState
from app.compliance.rules import (
    FollowEvidence,
    ListLook,
    PairLook,
    Verdict,
    judge_follow,
)
from app.observations.rules import CertificateVerdict, PairAnswer

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=100)
STALE_AFTER = timedelta(days=30)
SEEN = frozenset({AccountState.VERIFIED, AccountState.PRIVATE})


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def no(days: float, number: int = 1) -> PairLook:
    return PairLook(UUID(int=number), ago(days), PairAnswer.DOES_NOT_FOLLOW)


def absent(days: float, number: int) -> ListLook:
    return ListLook(UUID(int=number), ago(days), CertificateVerdict.COMPLETE, present=False)


def judged(
    *,
    state: AccountState = AccountState.VERIFIED,
    verified_at: datetime | None = LONG_AGO,
    seen_since: datetime | None = None,
    unseen_since: datetime | None = None,
    lists: tuple[ListLook, ...] = (),
    pairs: tuple[PairLook, ...] = (),
) -> Verdict:
    evidence = FollowEvidence(
        state=state,
        verified_at=verified_at,
        can_tell=True,
        seen_since=seen_since,
        unseen_since=unseen_since,
        lists=lists,
        pairs=pairs,
    )
    return judge_follow(evidence, now=NOW, stale_after=STALE_AFTER).verdict


@pytest.mark.parametrize("state", sorted(set(AccountState) - SEEN))
def test_only_an_account_that_is_seen_and_proven_can_be_absent(state):
    assert judged(state=state, pairs=(no(1),)) is Verdict.UNKNOWN
    assert judged(state=state, lists=(absent(3, 1), absent(1, 2))) is Verdict.UNKNOWN


def test_a_private_account_can_be_absent_once_its_owner_was_proven():
    assert judged(state=AccountState.PRIVATE, pairs=(no(1),)) is Verdict.UNMET
    unproven = judged(state=AccountState.PRIVATE, verified_at=None, pairs=(no(1),))
    assert unproven is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("seen_since", "unseen_since", "verdict"),
    [
        pytest.param(None, None, Verdict.UNMET, id="never-out-of-sight"),
        pytest.param(ago(5), None, Verdict.UNMET, id="back-before-the-looks"),
        pytest.param(ago(2), None, Verdict.UNKNOWN, id="back-between-the-looks"),
        pytest.param(ago(0.5), None, Verdict.UNKNOWN, id="back-after-the-looks"),
        pytest.param(None, ago(0.5), Verdict.UNKNOWN, id="gone-after-the-looks"),
        pytest.param(None, ago(9), Verdict.UNKNOWN, id="gone-before-the-looks"),
    ],
)
def test_absences_count_from_when_it_was_seen_again(seen_since, unseen_since, verdict):
    found = judged(
        seen_since=seen_since,
        unseen_since=unseen_since,
        lists=(absent(3, 1), absent(1, 2)),
    )
    assert found is verdict


moments = st.floats(0, 90).map(ago)


@given(
    st.sampled_from(AccountState),
    st.none() | moments,
    st.none() | moments,
    st.lists(st.floats(0, 60), max_size=4),
    st.lists(st.floats(0, 60), max_size=4),
)
def test_unmet_never_rests_on_an_account_out_of_sight(state, seen, unseen, lists, pairs):
    verdict = judged(
        state=state,
        seen_since=seen,
        unseen_since=unseen,
        lists=tuple(absent(days, number) for number, days in enumerate(lists)),
        pairs=tuple(no(days, 100 + number) for number, days in enumerate(pairs)),
    )
    if verdict is Verdict.UNMET:
        assert state in SEEN
        assert unseen is None
        assert seen is None or max([ago(days) for days in (*lists, *pairs)]) > seen
