"""What counts against nobody: absences set aside by an officer, and attestations that lapsed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.rules import AccountState, verified_from
from app.compliance.rules import (
    Basis,
    Finding,
    FollowEvidence,
    ListLook,
    PairLook,
    Reason,
    Verdict,
    best_of,
    judge_follow,
    once_cleared,
)
from app.observations.rules import CertificateVerdict, PairAnswer

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
DAY, A_MOMENT = timedelta(days=1), timedelta(microseconds=1)
MET, UNMET, UNKNOWN = Verdict
UNVERIFIED, UPHELD = Reason.ACCOUNT_UNVERIFIED, Reason.DISPUTE_UPHELD
AWAITING = Reason.AWAITING_SECOND_LIST


def looked(number: int, days_ago: float, *, present: bool = False) -> ListLook:
    at = NOW - days_ago * DAY
    return ListLook(UUID(int=number), at, CertificateVerdict.COMPLETE, present)


def denied(number: int, days_ago: float) -> PairLook:
    return PairLook(UUID(int=number), NOW - days_ago * DAY, PairAnswer.DOES_NOT_FOLLOW)


LISTS = FollowEvidence(
    state=AccountState.VERIFIED,
    verified_at=NOW - 100 * DAY,
    can_tell=True,
    lists=(looked(1, 5), looked(2, 2)),
)
PAIRS = replace(LISTS, lists=(), pairs=(denied(3, 2),))


def judged(evidence: FollowEvidence) -> str:
    finding = judge_follow(evidence, now=NOW, stale_after=30 * DAY)
    return f"{finding.verdict}:{finding.reason}"


@pytest.mark.parametrize(
    ("evidence", "changes", "expected"),
    [
        (LISTS, {}, "unmet:absent_from_two_complete_lists"),
        (LISTS, {"cleared_at": NOW - 6 * DAY}, "unmet:absent_from_two_complete_lists"),
        (LISTS, {"cleared_at": NOW - 5 * DAY}, f"unknown:{AWAITING}"),
        (LISTS, {"cleared_at": NOW - 2 * DAY - A_MOMENT}, f"unknown:{AWAITING}"),
        (LISTS, {"cleared_at": NOW - 2 * DAY}, f"unknown:{UPHELD}"),
        (PAIRS, {}, "unmet:pair_negative"),
        (PAIRS, {"cleared_at": NOW - 2 * DAY - A_MOMENT}, "unmet:pair_negative"),
        (PAIRS, {"cleared_at": NOW - 2 * DAY}, f"unknown:{UPHELD}"),
        (PAIRS, {"cleared_at": NOW, "lists": (looked(4, 1, present=True),)}, "met:seen_in_list"),
        (LISTS, {"attested_until": NOW + A_MOMENT}, "unmet:absent_from_two_complete_lists"),
        (LISTS, {"attested_until": NOW}, f"unknown:{UNVERIFIED}"),
        (PAIRS, {"attested_until": NOW}, f"unknown:{UNVERIFIED}"),
        (
            LISTS,
            {"attested_until": NOW, "lists": (looked(1, 5, present=True),)},
            "met:seen_in_list",
        ),
    ],
    ids=[
        "nothing-set-aside",
        "cleared-before-both-lists",
        "at-the-moment-of-clearing-is-not-after",
        "one-list-after",
        "both-lists-before",
        "an-answer",
        "an-answer-after",
        "an-answer-before",
        "presence-counts-whatever-was-decided",
        "attested-for-a-moment-more",
        "lapsed",
        "lapsed-before-an-answer-is-used",
        "presence-needs-nobody-to-vouch",
    ],
)
def test_what_is_set_aside(evidence, changes, expected):
    assert judged(replace(evidence, **changes)) == expected


AGES = st.integers(0, 60).map(lambda halves: halves / 2)
HISTORIES = st.builds(
    replace,
    st.sampled_from([LISTS, PAIRS]),
    lists=st.lists(
        st.builds(looked, st.integers(1, 50), AGES, present=st.booleans()),
        max_size=6,
        unique_by=lambda look: look.list_id,
    ),
    pairs=st.lists(
        st.builds(denied, st.integers(51, 99), AGES), max_size=3, unique_by=lambda look: look.id
    ),
    cleared_at=st.none() | AGES.map(lambda age: NOW - age * DAY),
    attested_until=st.none() | AGES.map(lambda age: NOW + (age - 15) * DAY),
)


@given(HISTORIES)
def test_unmet_rests_on_nothing_that_was_set_aside(evidence):
    finding = judge_follow(evidence, now=NOW, stale_after=30 * DAY)
    if finding.verdict is not UNMET:
        return
    assert evidence.attested_until is None or evidence.attested_until > NOW
    moments = {look.list_id: look.taken_at for look in evidence.lists if not look.present}
    moments |= {look.id: look.asked_at for look in evidence.pairs}
    if evidence.cleared_at is not None:
        assert all(moments[each] > evidence.cleared_at for each in finding.evidence_ids)


@given(HISTORIES)
def test_setting_aside_never_takes_a_met_verdict_away(evidence):
    plain = replace(evidence, cleared_at=None, attested_until=None)
    finding = judge_follow(plain, now=NOW, stale_after=30 * DAY)
    if finding.verdict is MET:
        assert judge_follow(evidence, now=NOW, stale_after=30 * DAY) == finding


def test_a_silence_set_aside_is_unknown_and_nothing_else_changes():
    silence = Finding(UNMET, Reason.UNDECLARED, Basis.DECLARATION, (UUID(int=1),))
    assert once_cleared(silence) == replace(silence, verdict=UNKNOWN, reason=UPHELD)
    declared = Finding(MET, Reason.DECLARED_ACCOUNT, Basis.DECLARATION, (UUID(int=1),))
    assert once_cleared(declared) == declared


def test_an_upheld_account_speaks_before_one_that_was_denied():
    upheld, accused = Finding(UNKNOWN, UPHELD), Finding(UNMET, Reason.PAIR_NEGATIVE)
    assert best_of([(UUID(int=1), accused), (UUID(int=2), upheld)])[0] == UUID(int=2)


FIRST, HELD_UNTIL = NOW - 100 * DAY, NOW


@pytest.mark.parametrize(
    ("state", "verified_at", "held_until", "anew", "expected"),
    [
        (AccountState.VERIFIED, FIRST, HELD_UNTIL, NOW - A_MOMENT, FIRST),
        (AccountState.VERIFIED, FIRST, HELD_UNTIL, NOW, NOW),
        (AccountState.DECLARED, None, None, NOW, NOW),
        (AccountState.MISSING, FIRST, HELD_UNTIL, NOW - DAY, NOW - DAY),
        (AccountState.VERIFIED, FIRST, HELD_UNTIL, FIRST - DAY, FIRST),
    ],
    ids=["in-time", "at-the-end-is-too-late", "the-first", "it-was-lost-sight-of", "backdated"],
)
def test_since_when_an_owner_counts_as_proven(state, verified_at, held_until, anew, expected):
    assert verified_from(state, verified_at, held_until, anew) == expected
