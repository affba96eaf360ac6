"""What may be said of whom: a named case for every branch, and what must never happen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.rules import AccountState
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
    under_dispute,
)
from app.observations.rules import CertificateVerdict, PairAnswer

COMPLETE, PARTIAL, VOID = CertificateVerdict
MET, UNMET, UNKNOWN = Verdict
FOLLOWS, DENIES, BLOCKED, NOT_TOLD = PairAnswer
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
STALE_AFTER = timedelta(days=30)
VERIFIED_AT = NOW - timedelta(days=100)


def ident(number: int) -> UUID:
    return UUID(int=number)


def seen(number: int, days_ago: float, certificate: CertificateVerdict = COMPLETE) -> ListLook:
    return ListLook(ident(number), NOW - timedelta(days=days_ago), certificate, present=True)


def absent(number: int, days_ago: float, certificate: CertificateVerdict = COMPLETE) -> ListLook:
    return replace(seen(number, days_ago, certificate), present=False)


def pair(number: int, days_ago: float, answer: PairAnswer) -> PairLook:
    return PairLook(ident(number), NOW - timedelta(days=days_ago), answer)


def judged(
    *looks: ListLook | PairLook,
    state: AccountState = AccountState.VERIFIED,
    verified_at: datetime | None = VERIFIED_AT,
    can_tell: bool = True,
) -> Finding:
    evidence = FollowEvidence(
        state=state,
        verified_at=verified_at,
        can_tell=can_tell,
        lists=tuple(look for look in looks if isinstance(look, ListLook)),
        pairs=tuple(look for look in looks if isinstance(look, PairLook)),
    )
    return judge_follow(evidence, now=NOW, stale_after=STALE_AFTER)


def met(reason: Reason, basis: Basis, *numbers: int) -> Finding:
    return Finding(MET, reason, basis, tuple(ident(each) for each in numbers))


def unmet(reason: Reason, basis: Basis, *numbers: int) -> Finding:
    return Finding(UNMET, reason, basis, tuple(ident(each) for each in numbers))


def unknown(reason: Reason, basis: Basis = Basis.NONE, *numbers: int) -> Finding:
    return Finding(UNKNOWN, reason, basis, tuple(ident(each) for each in numbers))


LISTED = met(Reason.SEEN_IN_LIST, Basis.FOLLOWER_LIST, 1)
ANSWERED = met(Reason.PAIR_POSITIVE, Basis.PAIR_ANSWER, 1)
DENIED = unmet(Reason.PAIR_NEGATIVE, Basis.PAIR_ANSWER, 2)
ABSENT = unmet(Reason.ABSENT_FROM_TWO_COMPLETE_LISTS, Basis.COMPLETE_LISTS, 2, 3)


@pytest.mark.parametrize(
    ("looks", "finding"),
    [
        pytest.param([], unknown(Reason.NEVER_CHECKED), id="never-looked"),
        pytest.param([seen(1, 1, VOID)], unknown(Reason.NEVER_CHECKED), id="void-presence"),
        pytest.param([seen(1, -1)], unknown(Reason.NEVER_CHECKED), id="list-of-tomorrow"),
        pytest.param([seen(1, 1)], LISTED, id="seen-in-complete-list"),
        pytest.param([seen(1, 1, PARTIAL)], LISTED, id="seen-in-partial-list"),
        pytest.param([seen(5, 3), seen(1, 1)], LISTED, id="the-latest-sighting-is-the-evidence"),
        pytest.param([pair(1, 1, FOLLOWS)], ANSWERED, id="positive-answer"),
        pytest.param([seen(1, 30)], LISTED, id="as-old-as-allowed"),
        pytest.param(
            [seen(1, 31)], unknown(Reason.STALE, Basis.FOLLOWER_LIST, 1), id="presence-gone-stale"
        ),
        pytest.param([pair(2, 1, DENIES)], DENIED, id="negative-answer"),
        pytest.param([seen(1, 5), pair(2, 1, DENIES)], DENIED, id="overturned-by-an-answer"),
        pytest.param([pair(2, 5, DENIES), seen(1, 1)], LISTED, id="followed-after-the-answer"),
        pytest.param([seen(1, 1), pair(2, 1, DENIES)], LISTED, id="presence-wins-a-tie"),
        pytest.param(
            [pair(2, 31, DENIES)],
            unknown(Reason.STALE, Basis.PAIR_ANSWER, 2),
            id="negative-answer-gone-stale",
        ),
        pytest.param([absent(2, 5), absent(3, 4)], ABSENT, id="two-complete-lists-a-day-apart"),
        pytest.param(
            [absent(2, 5), absent(3, 4.001)],
            unknown(Reason.AWAITING_SECOND_LIST, Basis.FOLLOWER_LIST, 3),
            id="two-lists-of-one-day-count-once",
        ),
        pytest.param(
            [absent(3, 5)],
            unknown(Reason.AWAITING_SECOND_LIST, Basis.FOLLOWER_LIST, 3),
            id="one-complete-list",
        ),
        pytest.param(
            [absent(3, 31)],
            unknown(Reason.STALE, Basis.FOLLOWER_LIST, 3),
            id="one-complete-list-gone-stale",
        ),
        pytest.param(
            [absent(9, 8), absent(2, 5), absent(8, 3.5), absent(3, 3)],
            ABSENT,
            id="the-nearest-list-a-day-before-the-latest",
        ),
        pytest.param(
            [absent(2, 40), absent(3, 31)],
            unknown(Reason.STALE, Basis.COMPLETE_LISTS, 2, 3),
            id="absence-gone-stale",
        ),
        pytest.param([absent(2, 40), absent(3, 29)], ABSENT, id="the-later-list-is-fresh"),
        pytest.param(
            [seen(1, 9), absent(2, 5), absent(3, 2)], ABSENT, id="overturned-by-two-lists"
        ),
        pytest.param([seen(1, 9), absent(2, 5)], LISTED, id="one-absence-does-not-overturn"),
        pytest.param(
            [seen(1, 40), absent(3, 5)],
            unknown(Reason.AWAITING_SECOND_LIST, Basis.FOLLOWER_LIST, 3),
            id="one-absence-outweighs-stale-presence",
        ),
        pytest.param(
            [absent(2, 9), seen(1, 5, PARTIAL), absent(3, 2)],
            LISTED,
            id="presence-between-two-absences",
        ),
        pytest.param(
            [absent(2, 9), seen(4, 5, VOID), absent(3, 2)], ABSENT, id="void-presence-between"
        ),
        pytest.param(
            [absent(2, 5), absent(3, 2, PARTIAL)],
            unknown(Reason.AWAITING_SECOND_LIST, Basis.FOLLOWER_LIST, 2),
            id="a-partial-list-is-no-second-one",
        ),
        pytest.param(
            [absent(2, 9, PARTIAL), absent(3, 2, PARTIAL)],
            unknown(Reason.LIST_PARTIAL),
            id="only-partial-lists",
        ),
        pytest.param(
            [absent(4, 5), pair(2, 1, DENIES)], DENIED, id="an-answer-needs-no-second-list"
        ),
        pytest.param(
            [pair(4, 9, DENIES), absent(2, 5), absent(3, 2)], ABSENT, id="the-latest-proof"
        ),
        pytest.param([pair(1, 1, NOT_TOLD)], unknown(Reason.PLATFORM_CANNOT_TELL), id="not-told"),
        pytest.param([pair(1, 1, BLOCKED)], unknown(Reason.BLOCKED), id="blocked"),
        pytest.param(
            [pair(1, 3, BLOCKED), pair(2, 1, NOT_TOLD)],
            unknown(Reason.BLOCKED),
            id="still-blocked-for-all-we-know",
        ),
        pytest.param(
            [pair(2, 9, DENIES), pair(1, 5, BLOCKED)],
            unknown(Reason.BLOCKED),
            id="blocked-people-are-not-accused",
        ),
        pytest.param(
            [pair(1, 9, BLOCKED), absent(2, 5), absent(3, 2)],
            unknown(Reason.BLOCKED),
            id="nor-are-they-by-lists",
        ),
        pytest.param([pair(1, 5, BLOCKED), pair(2, 1, DENIES)], DENIED, id="block-lifted"),
        pytest.param([seen(1, 5), pair(2, 1, BLOCKED)], LISTED, id="followed-then-blocked"),
    ],
)
def test_a_verified_account(looks, finding):
    assert judged(*looks) == finding


@pytest.mark.parametrize(
    ("looks", "verified_at", "finding"),
    [
        pytest.param([seen(1, 1)], None, LISTED, id="presence-needs-no-verification"),
        pytest.param([pair(1, 1, FOLLOWS)], None, ANSWERED, id="nor-does-a-positive-answer"),
        pytest.param(
            [absent(2, 5), absent(3, 2)],
            None,
            unknown(Reason.ACCOUNT_UNVERIFIED),
            id="absence-of-an-unverified-account",
        ),
        pytest.param(
            [pair(2, 1, DENIES)],
            None,
            unknown(Reason.ACCOUNT_UNVERIFIED),
            id="negative-answer-about-an-unverified-account",
        ),
        pytest.param(
            [absent(2, 5), absent(3, 3)],
            NOW - timedelta(days=2),
            unknown(Reason.ACCOUNT_UNVERIFIED),
            id="both-lists-before-verification",
        ),
        pytest.param(
            [absent(2, 5), absent(3, 3)],
            NOW - timedelta(days=3),
            unknown(Reason.ACCOUNT_UNVERIFIED),
            id="at-the-moment-of-verification-is-not-after",
        ),
        pytest.param(
            [absent(2, 5), absent(3, 2)],
            NOW - timedelta(days=3),
            unknown(Reason.AWAITING_SECOND_LIST, Basis.FOLLOWER_LIST, 3),
            id="one-list-before-verification",
        ),
        pytest.param(
            [pair(2, 5, DENIES)],
            NOW - timedelta(days=3),
            unknown(Reason.ACCOUNT_UNVERIFIED),
            id="answer-before-verification",
        ),
        pytest.param(
            [absent(2, 5, PARTIAL)], None, unknown(Reason.LIST_PARTIAL), id="partial-first"
        ),
    ],
)
def test_verification_in_time(looks, verified_at, finding):
    state = AccountState.VERIFIED if verified_at else AccountState.DECLARED
    assert judged(*looks, state=state, verified_at=verified_at) == finding


@pytest.mark.parametrize(
    ("state", "absence", "presence"),
    [
        (AccountState.DECLARED, unknown(Reason.ACCOUNT_UNVERIFIED), LISTED),
        (AccountState.EXISTS, unknown(Reason.ACCOUNT_UNVERIFIED), LISTED),
        (AccountState.MISSING, unknown(Reason.ACCOUNT_UNVERIFIED), LISTED),
        (AccountState.PRIVATE, ABSENT, LISTED),
        (AccountState.SUSPENDED, unknown(Reason.ACCOUNT_UNVERIFIED), LISTED),
        (AccountState.RENAMED, unknown(Reason.ACCOUNT_UNVERIFIED), LISTED),
        (AccountState.VERIFIED, ABSENT, LISTED),
        (AccountState.CONTESTED, *[unknown(Reason.ACCOUNT_CONTESTED)] * 2),
        (AccountState.RETIRED, *[unknown(Reason.ACCOUNT_UNVERIFIED)] * 2),
    ],
)
def test_every_state(state, absence, presence):
    assert judged(absent(2, 5), absent(3, 2), state=state) == absence
    assert judged(seen(1, 5), state=state) == presence


@pytest.mark.parametrize(
    ("looks", "finding"),
    [
        pytest.param([], unknown(Reason.PLATFORM_CANNOT_TELL), id="nothing-seen"),
        pytest.param(
            [absent(2, 5), absent(3, 2)],
            unknown(Reason.PLATFORM_CANNOT_TELL),
            id="absence-means-nothing-there",
        ),
        pytest.param([pair(1, 1, FOLLOWS)], ANSWERED, id="presence-is-proof-everywhere"),
    ],
)
def test_a_platform_that_cannot_tell(looks, finding):
    assert judged(*looks, can_tell=False) == finding


LOOKS = st.tuples(
    st.integers(-2, 60).map(lambda half_days: half_days * 0.75),
    st.sampled_from([*CertificateVerdict, *PairAnswer]),
    st.booleans(),
)


def as_looks(
    drawn: list[tuple[float, CertificateVerdict | PairAnswer, bool]],
) -> list[ListLook | PairLook]:
    numbers = count(1)
    return [
        pair(next(numbers), age, kind)
        if isinstance(kind, PairAnswer)
        else replace(seen(next(numbers), age, kind), present=present)
        for age, kind, present in drawn
    ]


LOOK_LISTS = st.lists(LOOKS, max_size=9).map(as_looks)
CONTEXTS = st.fixed_dictionaries(
    {
        "state": st.sampled_from(AccountState),
        "verified_at": st.none() | st.integers(0, 40).map(lambda age: NOW - timedelta(days=age)),
        "can_tell": st.booleans(),
    }
)


@given(LOOK_LISTS, CONTEXTS, st.lists(LOOKS, max_size=4))
def test_void_lists_never_change_a_finding(looks, context, drawn):
    voids = [
        replace(seen(100 + number, age, VOID), present=present)
        for number, (age, _, present) in enumerate(drawn)
    ]
    assert judged(*looks, *voids, **context) == judged(*looks, **context)


@given(LOOK_LISTS, CONTEXTS)
def test_unmet_rests_on_proof_of_absence_alone(looks, context):
    finding = judged(*looks, **context)
    if finding.verdict is not UNMET:
        return
    assert context["verified_at"] is not None
    assert context["state"] in {AccountState.VERIFIED, AccountState.PRIVATE}
    by_id = {getattr(look, "list_id", None) or look.id: look for look in looks}
    evidence = [by_id[each] for each in finding.evidence_ids]
    if finding.basis is Basis.PAIR_ANSWER:
        assert [look.answer for look in evidence] == [DENIES]
        assert evidence[0].asked_at > context["verified_at"]
        return
    assert finding.basis is Basis.COMPLETE_LISTS
    earlier, later = evidence
    assert (earlier.verdict, later.verdict) == (COMPLETE, COMPLETE)
    assert (earlier.present, later.present) == (False, False)
    assert context["verified_at"] < earlier.taken_at <= later.taken_at - timedelta(hours=24)


@given(LOOK_LISTS, CONTEXTS)
def test_partial_and_void_lists_accuse_nobody(looks, context):
    weak = [look for look in looks if isinstance(look, ListLook) and look.verdict != COMPLETE]
    assert judged(*weak, **context).verdict is not UNMET


@given(LOOK_LISTS, CONTEXTS, st.lists(LOOKS, max_size=4))
def test_presence_never_becomes_unmet_through_partial_lists(looks, context, drawn):
    partial = [
        replace(seen(100 + number, age, PARTIAL), present=present)
        for number, (age, _, present) in enumerate(drawn)
    ]
    before = judged(*looks, **context).verdict
    after = judged(*looks, *partial, **context).verdict
    assert after is not UNMET or before is UNMET
    assert after is MET or before is not MET


@given(LOOK_LISTS, CONTEXTS)
def test_whatever_is_known_carries_evidence(looks, context):
    finding = judged(*looks, **context)
    assert finding.verdict is UNKNOWN or finding.evidence_ids


@given(LOOK_LISTS, CONTEXTS, st.randoms(use_true_random=False))
def test_the_order_of_looks_does_not_matter(looks, context, rng):
    shuffled = list(looks)
    rng.shuffle(shuffled)
    assert judged(*shuffled, **context) == judged(*looks, **context)


@given(LOOK_LISTS, CONTEXTS)
def test_a_fresh_sighting_is_the_last_word(looks, context):
    finding = judged(*looks, seen(100, 0), **{**context, "state": AccountState.DECLARED})
    assert finding.verdict is MET


@pytest.mark.parametrize(
    ("findings", "chosen"),
    [
        pytest.param([(1, DENIED), (2, LISTED)], 2, id="one-that-follows-is-enough"),
        pytest.param(
            [(1, DENIED), (2, unknown(Reason.STALE))], 2, id="unmet-needs-every-account-to-be"
        ),
        pytest.param([(2, DENIED), (1, DENIED)], 1, id="the-first-of-equals"),
        pytest.param(
            [(1, unknown(Reason.NEVER_CHECKED)), (2, unknown(Reason.ACCOUNT_CONTESTED))],
            2,
            id="the-reason-that-a-person-must-act-on",
        ),
    ],
)
def test_best_of(findings, chosen):
    pairs = [(ident(number), finding) for number, finding in findings]
    assert best_of(pairs)[0] == ident(chosen)
    assert best_of(pairs[::-1])[0] == ident(chosen)


def test_a_dispute_lifts_an_accusation_and_nothing_else():
    assert under_dispute(ABSENT) == unknown(Reason.DISPUTED, Basis.COMPLETE_LISTS, 2, 3)
    assert under_dispute(LISTED) == LISTED
    assert under_dispute(unknown(Reason.STALE)) == unknown(Reason.STALE)
