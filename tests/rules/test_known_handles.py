"""An absence from lists of handles counts while the handle is known to be the account's own."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.accounts.rules import AccountState
from app.compliance.rules import FollowEvidence, ListLook, PairLook, Reason, judge_follow
from app.observations.rules import CertificateVerdict, PairAnswer, tells_of
from tests.rules.test_unseen_accounts import NOW, STALE_AFTER, ago

A_MOMENT = timedelta(microseconds=1)
# The later of two lists is a day old: its handle must have been confirmed in the 30 days before it.
LATER, LONG_AGO = ago(1), ago(90)
JUST = LATER - STALE_AFTER


def absent(days: float, number: int, *, by_handle: bool = True) -> ListLook:
    complete = CertificateVerdict.COMPLETE
    return ListLook(UUID(int=number), ago(days), complete, present=False, by_handle=by_handle)


TWO = (absent(3, 1), absent(1, 2))


def judged(
    *lists: ListLook,
    pairs: tuple[PairLook, ...] = (),
    verified_at: datetime = LONG_AGO,
    **confirmed: datetime | None,
) -> Reason:
    evidence = FollowEvidence(
        state=AccountState.VERIFIED,
        verified_at=verified_at,
        can_tell=True,
        attested_at=confirmed.get("attested_at"),
        seen_since=confirmed.get("seen_since"),
        found_at=confirmed.get("found_at"),
        cleared_at=confirmed.get("cleared_at"),
        lists=lists,
        pairs=pairs,
    )
    return judge_follow(evidence, now=NOW, stale_after=STALE_AFTER).reason


@pytest.mark.parametrize("how", ["verified_at", "attested_at", "seen_since", "found_at"])
@pytest.mark.parametrize(
    ("at", "reason"),
    [
        pytest.param(JUST, Reason.ABSENT_FROM_TWO_COMPLETE_LISTS, id="just-in-time"),
        pytest.param(JUST - A_MOMENT, Reason.ACCOUNT_UNVERIFIED, id="a-moment-too-long-ago"),
    ],
)
def test_a_handle_is_known_for_as_long_as_evidence_is_fresh(how, at, reason):
    assert judged(*TWO, **{how: at}) is reason


def test_what_confirms_it_after_the_lists_confirms_it_before_them():
    assert judged(*TWO, found_at=NOW) is Reason.ABSENT_FROM_TWO_COMPLETE_LISTS


def test_lists_of_ids_need_no_handle():
    ids = (absent(3, 1, by_handle=False), absent(1, 2, by_handle=False))
    assert judged(*ids) is Reason.ABSENT_FROM_TWO_COMPLETE_LISTS
    # One of them proves nothing with one of handles beside it.
    assert judged(absent(3, 1, by_handle=False), absent(1, 2)) is Reason.ACCOUNT_UNVERIFIED


def test_a_platforms_own_no_needs_no_handle():
    told = PairLook(UUID(int=9), ago(2), PairAnswer.DOES_NOT_FOLLOW)
    assert judged(*TWO, pairs=(told,)) is Reason.PAIR_NEGATIVE


def test_what_was_proven_in_time_stands_until_it_is_old():
    known = LATER - STALE_AFTER - timedelta(hours=36)
    lists = (absent(5, 1), absent(3, 2), absent(1, 3))
    assert judged(*lists, attested_at=known) is Reason.ABSENT_FROM_TWO_COMPLETE_LISTS


def test_no_further_list_is_awaited_where_only_a_word_can_help():
    known = LATER - STALE_AFTER - timedelta(hours=36)
    assert judged(absent(3, 1), absent(1, 2), attested_at=known) is Reason.ACCOUNT_UNVERIFIED
    assert judged(absent(1, 2)) is Reason.ACCOUNT_UNVERIFIED


@pytest.mark.parametrize(
    ("asked", "recorded", "by_employee", "tells"),
    [
        pytest.param(4, 4, False, False, id="platform-before-declaring"),
        pytest.param(4, 2, False, False, id="platform-recorded-late"),
        pytest.param(3, 3, False, True, id="platform-at-that-moment"),
        pytest.param(4, 3, True, True, id="shown-after-declaring"),
        pytest.param(9, 2, True, True, id="an-old-file-of-the-same-account"),
        pytest.param(5, 4, True, False, id="shown-of-what-was-declared-before"),
        pytest.param(2, 2, True, True, id="made-after-declaring"),
    ],
)
def test_what_is_shown_tells_of_the_account_it_was_held_against(
    asked, recorded, by_employee, tells
):
    found = tells_of(
        declared_at=ago(3), asked_at=ago(asked), recorded_at=ago(recorded), by_employee=by_employee
    )
    assert found is tells
